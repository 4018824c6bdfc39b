/**
 * Fit: how close a description is to what the hypernetwork was trained on.
 *
 * The bundle carries the embedding of every training task as a unit row. The score is the highest
 * cosine to any of them, and the thresholds were measured on held-out tasks. A generator answers
 * every description, also one it knows nothing about; the verdict is what says so.
 */
import type { Manifest } from '../hypernet/manifest.ts';
import { decodeFloat16 } from './float16.ts';

/** What the API says about a description's fit. */
export interface Fit {
  /** Highest cosine similarity to a training task. */
  readonly score: number;
  readonly verdict: 'good' | 'uncertain' | 'unfit';
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
}

const NEAREST_TASKS = 3;
/** Digits after the point of what is reported; the scores come from a float16 table. */
const REPORTED_DIGITS = 4;

/** Reads the fit table of a bundle from the bytes of its fit file. */
export function parseFitTable(fit: Manifest['fit'], bytes: Uint8Array): FitTable {
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
  };
}

/** Compares an embedding, of any length, with the training tasks. */
export function judgeFit(table: FitTable, embedding: Float32Array): Fit {
  const length = Math.hypot(...embedding) || 1;
  const ranked = table.tasks
    .map((task, index) => ({ task, similarity: rowProduct(table, index, embedding) / length }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, NEAREST_TASKS)
    .map(({ task, similarity }) => ({ task, similarity: rounded(similarity) }));
  const score = ranked[0]?.similarity ?? 0;
  const { good, uncertain } = table.thresholds;
  const verdict = score >= good ? 'good' : score >= uncertain ? 'uncertain' : 'unfit';
  return { score, verdict, nearest: ranked };
}

function rowProduct({ rows, dim }: FitTable, index: number, embedding: Float32Array): number {
  let sum = 0;
  for (let k = 0, p = index * dim; k < dim; k++, p++) {
    sum += (rows[p] as number) * (embedding[k] as number);
  }
  return sum;
}

function rounded(value: number): number {
  return Number(value.toFixed(REPORTED_DIGITS));
}
