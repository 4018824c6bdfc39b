/**
 * Fit: what exact match to expect of an adapter, and why no more.
 *
 * A generator answers every description, also one it knows nothing about; the verdict is what says so.
 * A bundle carries the embedding of every training task and numbers that were found on descriptions
 * whose adapters were measured. Its score comes from the description and from the adapter that was made
 * of it (`fit/calibrated.ts`); bundles of before look at the description alone (`fit/predictor.ts`), or
 * have the highest cosine to a training task as their score. A strength other than 1 leaves only a share
 * of it (`fit/strength.ts`). A bundle that does not say what it was trained on has no score.
 */
import type { LoraWeights } from '../output/lora-weights.ts';
import { observe } from './fit/calibrated.ts';
import { largestAt, times, unitOf } from './fit/matrix.ts';
import { predictedMatch } from './fit/predictor.ts';
import { type FitReason, reasonOf, strengthReason } from './fit/reason.ts';
import { factorAt } from './fit/strength.ts';
import type { FitTable } from './fit/table.ts';

/** What the API says about an adapter's fit. */
export interface Fit {
  /**
   * Expected exact match at the adapter's strength, 0 to 1; the highest cosine if the bundle was not
   * calibrated; null: nothing is known.
   */
  readonly score: number | null;
  readonly verdict: 'good' | 'uncertain' | 'unfit' | 'unknown';
  /** Why no more is to be expected, where something can be said of that. */
  readonly reason: FitReason | null;
  /** The closest training tasks, closest first. */
  readonly nearest: readonly { readonly task: string; readonly similarity: number }[];
}

/** An adapter before it is packed. */
export interface Judged {
  /** The description's vector, of any length. */
  readonly embedding: Float32Array;
  /** A LoRA as the network gives it, without the strength; undefined: it wrote another kind of adapter. */
  readonly weights: LoraWeights | undefined;
  readonly strength: number;
  /** Of the hypernetwork. */
  readonly name: string;
}

const NEAREST_TASKS = 3;
/** Digits after the point of what is reported; the scores come from a float16 table. */
const REPORTED_DIGITS = 4;

/**
 * Judges an adapter.
 *
 * @param table undefined: the bundle does not say what it was trained on
 */
export function judgeFit(table: FitTable | undefined, judged: Judged): Fit {
  if (table === undefined) {
    return { score: null, verdict: 'unknown', reason: null, nearest: [] };
  }
  const { strength } = judged;
  const unit = unitOf(judged.embedding);
  const cosines = times(table.rows, unit);
  const nearest = nearestTasks(table.tasks, cosines);
  const factor = factorAt(table.strengths, strength);
  if (factor === undefined) {
    const reason = strengthReason(strength, undefined);
    return { score: null, verdict: 'unknown', reason, nearest };
  }
  const found = atOne(table, judged, cosines, unit);
  const score = rounded(Math.min(1, found.score * factor));
  const verdict = verdictOf(score, table.thresholds);
  const worse = RANKS[verdict] > RANKS[verdictOf(rounded(found.score), table.thresholds)];
  return {
    score,
    verdict,
    reason: worse ? strengthReason(strength, factor) : found.reason,
    nearest,
  };
}

/** From good to bad. */
const RANKS = { good: 0, uncertain: 1, unfit: 2 } as const;

function verdictOf(score: number, { good, uncertain }: FitTable['thresholds']): keyof typeof RANKS {
  return score >= good ? 'good' : score >= uncertain ? 'uncertain' : 'unfit';
}

/** Score and reason at strength 1. */
function atOne(
  { tasks, success, predictor, calibration }: FitTable,
  { embedding, weights, name }: Judged,
  cosines: Float64Array,
  unit: Float64Array,
): { score: number; reason: FitReason | null } {
  const similarity = cosines[largestAt(cosines)] as number;
  if (calibration !== undefined) {
    if (weights === undefined) {
      throw new Error('a calibration is for LoRA adapters, and the manifest has another output');
    }
    const observed = observe(calibration, embedding, unit, similarity, weights);
    return {
      score: observed.score,
      reason: reasonOf(calibration, observed, { name, tasks, success }),
    };
  }
  const score = predictor ? predictedMatch(predictor, cosines, unit) : similarity;
  return { score, reason: null };
}

function nearestTasks(tasks: readonly string[], cosines: Float64Array): Fit['nearest'] {
  return [...cosines.keys()]
    .sort((a, b) => (cosines[b] as number) - (cosines[a] as number))
    .slice(0, NEAREST_TASKS)
    .map((place) => ({
      task: tasks[place] as string,
      similarity: rounded(cosines[place] as number),
    }));
}

function rounded(value: number): number {
  return Number(value.toFixed(REPORTED_DIGITS));
}
