/**
 * Fit: what exact match to expect of a description.
 *
 * The bundle carries the embedding of every training task as a unit row, how well each task is done
 * (`success`), and coefficients measured on tasks that training did not have. For a unit vector v
 * with these cosines to the training tasks:
 *
 *     similarity = highest cosine                              how close the closest task is
 *     success    = softmax(cosines / temperature) . success    how well the tasks around it are done
 *     topic      = sigmoid(bias + weight similarity + direction . v)    is it a task of this kind?
 *     match      = sigmoid(bias + weight success + direction . v)    if so, will it be done well?
 *     score      = topic match
 *
 * A bundle without these coefficients has the highest cosine as its score; one that does not say what
 * it was trained on has none. A generator answers every description, also one it knows nothing about;
 * the verdict is what says so. The same formula, and where its coefficients come from, is in
 * `training/t2l/export/bundle/predictor.py`.
 */
import type { Bundle } from '../bundle/bundle.ts';
import { createLatest } from '../bundle/latest.ts';
import type { FitSpec } from '../bundle/manifest.ts';
import { decodeFloat16 } from './float16.ts';

/** What the API says about a description's fit. */
export interface Fit {
  /** Expected exact match, 0 to 1; without predictor, the highest cosine; null: nothing is known. */
  readonly score: number | null;
  readonly verdict: 'good' | 'uncertain' | 'unfit' | 'unknown';
  /** The closest training tasks, closest first. */
  readonly nearest: readonly { readonly task: string; readonly similarity: number }[];
}

/** The training tasks of one bundle, ready to be compared with. */
export interface FitTable {
  readonly tasks: readonly string[];
  readonly dim: number;
  /** Unit rows, [tasks, dim]. */
  readonly rows: Float32Array;
  readonly thresholds: { readonly good: number; readonly uncertain: number };
  /** Absent from bundles that were not calibrated. */
  readonly predictor: FitPredictor | undefined;
}

/** What turns cosines into an expected exact match; see the formula above. */
export interface FitPredictor extends NonNullable<FitSpec['predictor']> {
  /** Exact match of each training task, [tasks]. */
  readonly success: readonly number[];
}

const NEAREST_TASKS = 3;
/** Tables are small; those of the last bundles stay. */
const TABLES_KEPT = 4;
const tables = createLatest<FitTable>(TABLES_KEPT);
/** Digits after the point of what is reported; the scores come from a float16 table. */
const REPORTED_DIGITS = 4;

/** Reads the fit table of a bundle from the bytes of its fit file. */
export function parseFitTable(fit: FitSpec, bytes: Uint8Array): FitTable {
  const values = fit.tasks.length * fit.dim;
  if (bytes.length !== values * 2) {
    throw new Error(`${fit.file} has ${bytes.length} bytes where ${values * 2} are expected`);
  }
  // A copy, because a view of 16-bit values needs an even offset.
  const halves = new Uint16Array(bytes.slice().buffer);
  return {
    tasks: fit.tasks,
    dim: fit.dim,
    rows: decodeFloat16(halves),
    thresholds: fit.thresholds,
    predictor: fit.predictor && fit.success && { ...fit.predictor, success: fit.success },
  };
}

/**
 * Compares an embedding, of any length, with the training tasks.
 *
 * @param table undefined: the bundle does not say what it was trained on
 */
export function judgeFit(table: FitTable | undefined, embedding: Float32Array): Fit {
  if (table === undefined) {
    return { score: null, verdict: 'unknown', nearest: [] };
  }
  const length = Math.hypot(...embedding) || 1;
  const unit = Array.from(embedding, (value) => value / length);
  const cosines = table.tasks.map((_, index) => rowProduct(table, index, unit));
  const nearest = table.tasks
    .map((task, index) => ({ task, similarity: cosines[index] as number }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, NEAREST_TASKS)
    .map(({ task, similarity }) => ({ task, similarity: rounded(similarity) }));
  const { predictor, thresholds } = table;
  const score = predictor
    ? rounded(expectedMatch(predictor, cosines, unit))
    : (nearest[0]?.similarity ?? 0);
  const verdict =
    score >= thresholds.good ? 'good' : score >= thresholds.uncertain ? 'uncertain' : 'unfit';
  return { score, verdict, nearest };
}

/**
 * The predictor's answer.
 *
 * @param cosines with all training tasks, [tasks]
 * @param unit the embedding with length 1, [dim]
 */
function expectedMatch(
  { temperature, topic, match, success }: FitPredictor,
  cosines: readonly number[],
  unit: readonly number[],
): number {
  const similarity = cosines.reduce((a, b) => Math.max(a, b), -Infinity);
  let total = 0;
  let right = 0;
  for (const [index, cosine] of cosines.entries()) {
    const share = Math.exp((cosine - similarity) / temperature); // at most 1: nothing overflows
    total += share;
    right += share * (success[index] as number);
  }
  return (
    sigmoid(topic.bias + topic.similarity * similarity + along(topic.direction, unit)) *
    sigmoid(match.bias + match.success * (right / total) + along(match.direction, unit))
  );
}

function along(direction: readonly number[] = [], unit: readonly number[]): number {
  return direction.reduce((sum, value, k) => sum + value * (unit[k] as number), 0);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function rowProduct({ rows, dim }: FitTable, index: number, unit: readonly number[]): number {
  let sum = 0;
  for (let k = 0, p = index * dim; k < dim; k++, p++) {
    sum += (rows[p] as number) * (unit[k] as number);
  }
  return sum;
}

function rounded(value: number): number {
  return Number(value.toFixed(REPORTED_DIGITS));
}

/** The fit table of a bundle; undefined if the bundle does not say what it was trained on. */
export async function loadFitTable(bundle: Bundle): Promise<FitTable | undefined> {
  const { fit } = bundle.manifest;
  return fit && tables(bundle.digest, async () => parseFitTable(fit, await bundle.read(fit.file)));
}
