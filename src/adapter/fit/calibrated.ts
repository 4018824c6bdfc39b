/**
 * The exact match to expect of a description, from its vector and its adapter.
 *
 *     x           the vector, as the network takes it; v is x made unit length
 *     u           W x + b, the network's first layer, made unit length
 *     z           P (the adapter's sketch) - offset, made unit length
 *     similarity  = max_t v . task_t              how close the closest task is as a text,
 *     entry       = max_t u . entry_t             to the network,
 *     c_t         = z . adapter_t                 and in what comes out of it
 *     q           = softmax(c / temperature)
 *     adapter     = -ln(1.01 - max c)
 *     trust       = sum_t q_t trust_t             how often what looks like that task is right
 *     read_k      = reader_k . v + bias_k         whether the text asks for step k: about 0 to 1
 *     done_k      = sum of q_t over the tasks t that have step k
 *     missing     = max(0, read_k of the steps with done_k <= 0.5)
 *     topic       = sigmoid(topic.bias + topic.entry entry)
 *     match       = sigmoid(match.bias + match.adapter adapter + match.entry entry
 *                           + match.similarity similarity + match.missing missing
 *                           + match.direction . v + trust)
 *     written     = sigmoid(gate.bias + gate.direction . v)     1 without a gate
 *     score       = topic (written match + (1 - written) phrased.match)
 *
 * Why it is this formula, and how its numbers are found, is in
 * `training/t2l/export/bundle/predictor.py`. Without W, `entry` is `similarity`; where tasks have no
 * steps, `missing` is 0. `phrased` has a second `match` and `trust`, for descriptions that are worded
 * like the phrasings of the training tasks' grammars.
 */
import type { CalibrationSpec, CoefficientsSpec } from '../../bundle/fit-spec.ts';
import type { LoraWeights } from '../../output/lora-weights.ts';
import {
  along,
  largestAt,
  type Matrix,
  sigmoid,
  softmax,
  times,
  unitOf,
  type Vector,
} from './matrix.ts';
import { type Sketcher, sketch } from './sketch.ts';

/** Keeps the logarithm of a perfect likeness finite. */
const NEARLY = 0.01;
/** Share of the tasks around that have a step, above which it is not missing. */
const DONE = 0.5;

/** A calibration with its matrices. */
export interface Calibration extends CalibrationSpec {
  readonly sketcher: Sketcher;
  /** Unit rows of the tasks' adapters, [tasks, rank]. */
  readonly likenesses: Matrix;
  /** P, [rank, width]. */
  readonly projection: Matrix;
  /** Unit rows of the tasks, [tasks, rows], and W, [rows, dim]. */
  readonly layer: { readonly entries: Matrix; readonly weight: Matrix } | undefined;
  /** [steps, dim] */
  readonly reader: Matrix | undefined;
}

/** What the formula sees of a description, and the score that it gives. */
export interface Observed {
  readonly score: number;
  readonly entry: number;
  /** max c */
  readonly likeness: number;
  /** The place of the task with the largest c. */
  readonly closest: number;
  readonly missing: number;
  /** The place of the step that `missing` is about; -1: none is missing. */
  readonly step: number;
  /** How much the description is worded like what people write, 0 to 1. */
  readonly written: number;
}

/**
 * Applies the formula.
 *
 * @param embedding x, [dim]
 * @param unit v, [dim]
 * @param similarity the highest cosine to a task
 */
export function observe(
  calibration: Calibration,
  embedding: Vector,
  unit: Float64Array,
  similarity: number,
  weights: LoraWeights,
): Observed {
  const { topic, phrased, temperature } = calibration;
  const entry = entryOf(calibration, embedding) ?? similarity;
  const cosines = times(calibration.likenesses, placeOf(calibration, weights));
  const closest = largestAt(cosines);
  const likeness = cosines[closest] as number;
  const around = softmax(cosines, temperature);
  const { missing, step } = missingStep(calibration, unit, around);
  const matchOf = ({ match, trust }: Pick<CoefficientsSpec, 'match' | 'trust'>) =>
    sigmoid(
      match.bias -
        match.adapter * Math.log(1 + NEARLY - likeness) +
        match.entry * entry +
        match.similarity * similarity +
        match.missing * missing +
        along(match.direction, unit) +
        along(trust, around),
    );
  const written = phrased ? sigmoid(phrased.gate.bias + along(phrased.gate.direction, unit)) : 1;
  const match = phrased
    ? written * matchOf(calibration) + (1 - written) * matchOf(phrased)
    : matchOf(calibration);
  const score = sigmoid(topic.bias + topic.entry * entry) * match;
  return { score, entry, likeness, closest, missing, step, written };
}

/** How close the closest task is to the network; undefined without its first layer. */
function entryOf({ layer, entry }: Calibration, embedding: Vector): number | undefined {
  if (layer === undefined || entry === undefined) {
    return undefined;
  }
  const inside = times(layer.weight, embedding).map(
    (sum, row) => sum + (entry.bias[row] as number),
  );
  const cosines = times(layer.entries, unitOf(inside));
  return cosines[largestAt(cosines)];
}

/** z, [rank] */
function placeOf(calibration: Calibration, weights: LoraWeights): Float64Array {
  const { offset } = calibration.adapters;
  const projected = times(calibration.projection, sketch(calibration.sketcher, weights));
  return unitOf(projected.map((sum, row) => sum - (offset[row] as number)));
}

function missingStep(
  { steps, reader }: Calibration,
  unit: Float64Array,
  around: Float64Array,
): Pick<Observed, 'missing' | 'step'> {
  const found = { missing: 0, step: -1 };
  if (steps === undefined || reader === undefined) {
    return found;
  }
  const done = new Float64Array(steps.names.length);
  for (const [task, places] of steps.tasks.entries()) {
    for (const place of places) {
      done[place] = (done[place] as number) + (around[task] as number);
    }
  }
  for (const [step, sum] of times(reader, unit).entries()) {
    const read = sum + (steps.bias[step] as number);
    if ((done[step] as number) <= DONE && read > found.missing) {
      found.missing = read;
      found.step = step;
    }
  }
  return found;
}
