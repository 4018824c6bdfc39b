/**
 * How large the generated update is, and the guard that refuses a broken or hostile one.
 *
 * The update of a layer is B A, [out, in], far too large to form. Its Frobenius norm needs only the
 * two rank x rank Gram matrices:  |BA|^2 = trace(A' B' B A) = sum((B'B) * (A A')).
 * The bundle says how large updates were over the training descriptions; one far beyond that would
 * wreck the base model, and comes from a defect or from an embedding no encoder would produce. A
 * bundle that does not say so leaves one check: an update that is not finite is refused.
 *
 * Of a DoRA it is B A that is measured: what its magnitudes change takes the base model to tell, so of
 * them only numbers that are not finite are refused. Of IA3 it is how far the factors are from 1, |L - 1|.
 *
 * The guard looks at the update as the network wrote it. A strength is what somebody asked for, so it is
 * not refused, though it may carry a lawful update as far as the guard would let no network go: where it
 * does, the adapter's document says so (`beyondGuard`).
 *
 *   network ->  norm  -> guard: norm <= limit, or refused
 *                 x |strength| -> document: layers above the limit, if there are any
 */

import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { sidesOf, sizeOf } from '../output/kinds.ts';
import type { ModuleWeights, OutputWeights } from '../output/output.ts';
import { gram } from './gram.ts';

/** Per target module, the Frobenius norm of the update of each layer. */
export type AdapterNorms = Record<string, number[]>;

/** An update is refused beyond mean + this many deviations of the training descriptions' norms. */
export const MAX_DEVIATIONS = 8;

/**
 * Least deviation assumed, as a part of the mean: a layer that never varied in training must not
 * refuse an update for a rounding error.
 */
export const MIN_RELATIVE_DEVIATION = 0.05;

/** Significant digits of reported norms; the rest is noise of the quantisation. */
const NORM_DIGITS = 6;

/** A norm as documents have it. */
export function reportedNorm(norm: number): number {
  return Number(norm.toPrecision(NORM_DIGITS));
}

/** The norm of every layer's update, per module in manifest order. */
export function updateNorms(
  { target }: Pick<Manifest, 'target'>,
  weights: OutputWeights,
): AdapterNorms {
  const norms: AdapterNorms = {};
  for (const module of target.modules) {
    const sides = sidesOf(target, module);
    norms[module.name] = Array.from({ length: target.layers }, (_, layer) => {
      const parts: ModuleWeights = Object.fromEntries(
        sides.map((side) => {
          const values = weights.get(module.name)?.[side.name];
          if (values === undefined) {
            throw new Error(`no weights ${side.name} for module ${module.name}`);
          }
          return [side.name, values.subarray(layer * sizeOf(side), (layer + 1) * sizeOf(side))];
        }),
      );
      return updateNorm(parts, target.rank);
    });
  }
  return norms;
}

/** What the guard goes by. */
export type Guarding = Pick<Manifest, 'norms' | 'target'>;

/** A layer whose update is larger than the guard lets a network write one. */
export interface BeyondGuard {
  /** Target module. */
  readonly module: string;
  readonly layer: number;
  /** Of the update, with the strength applied. */
  readonly norm: number;
  readonly limit: number;
}

/**
 * Refuses an update that is not finite or far larger than any seen in training.
 *
 * @param norms as the network wrote the update, at strength 1
 * @throws T2lError `adapter_out_of_range`
 */
export function guardNorms(manifest: Guarding, norms: AdapterNorms): void {
  for (const { name } of manifest.target.modules) {
    norms[name]?.forEach((norm, layer) => {
      const limit = limitOf(manifest, name, layer);
      if (limit === undefined) {
        if (!Number.isFinite(norm)) {
          throw outOfRange(name, layer, norm, 'which no base model can use');
        }
        return;
      }
      // Not `norm > limit`: a NaN must be refused too.
      if (!(norm <= limit)) {
        const reason = `beyond ${format(limit)}, the limit for what this hypernetwork was trained on`;
        throw outOfRange(name, layer, norm, reason);
      }
    });
  }
}

/**
 * Refuses magnitudes with a number that is not finite, which no norm shows.
 *
 * @throws T2lError `adapter_out_of_range`
 */
export function guardMagnitudes(weights: OutputWeights): void {
  for (const [name, { M }] of weights) {
    const broken = M?.find((value) => !Number.isFinite(value));
    if (broken !== undefined) {
      throw new T2lError(
        'adapter_out_of_range',
        `The generated magnitudes of ${name} have the value ${broken}, which no base model can use.`,
      );
    }
  }
}

/**
 * The layers that a strength carries beyond what the guard lets a network write, in manifest order. A
 * strength of 1 or less, either sign, carries none of what the guard let pass.
 *
 * @param norms with the strength applied, as documents have them
 */
export function beyondGuard(
  manifest: Guarding,
  norms: Readonly<Record<string, readonly number[]>>,
  strength: number,
): BeyondGuard[] {
  if (Math.abs(strength) <= 1) {
    return [];
  }
  return manifest.target.modules.flatMap(({ name }) =>
    (norms[name] ?? []).flatMap((norm, layer) => {
      const limit = limitOf(manifest, name, layer);
      return limit === undefined || norm <= limit ? [] : [{ module: name, layer, norm, limit }];
    }),
  );
}

/** The largest norm that the guard lets pass; undefined: the bundle does not say how large they were. */
function limitOf({ norms }: Guarding, module: string, layer: number): number | undefined {
  const { mean, deviation } = norms?.[module] ?? {};
  const [usual, measured] = [mean?.[layer], deviation?.[layer]];
  if (usual === undefined || measured === undefined) {
    return undefined;
  }
  return usual + MAX_DEVIATIONS * Math.max(measured, MIN_RELATIVE_DEVIATION * usual);
}

/** The norm of a layer's update. */
function updateNorm({ A, B, L }: ModuleWeights, rank: number): number {
  if (A !== undefined && B !== undefined) {
    return productNorm(A, B, rank);
  }
  let sum = 0;
  for (const factor of L ?? []) {
    sum += (factor - 1) ** 2;
  }
  return Math.sqrt(sum);
}

/** Frobenius norm of B A, for A [rank, in] and B [out, rank]. */
function productNorm(a: Float32Array, b: Float32Array, rank: number): number {
  const [inner, out] = [a.length / rank, b.length / rank];
  const rows = gram({ values: a, rows: rank, columns: inner, nextRow: inner, nextColumn: 1 });
  const columns = gram({ values: b, rows: rank, columns: out, nextRow: 1, nextColumn: rank });
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j <= i; j++) {
      const place = i * rank + j;
      sum += (i === j ? 1 : 2) * (rows[place] as number) * (columns[place] as number);
    }
  }
  // Cancellation can leave a tiny negative sum where the update is zero; a NaN must stay one.
  return sum < 0 ? 0 : Math.sqrt(sum);
}

function outOfRange(name: string, layer: number, norm: number, reason: string): T2lError {
  return new T2lError(
    'adapter_out_of_range',
    `The generated update of ${name} in layer ${layer} has norm ${format(norm)}, ${reason}.`,
  );
}

function format(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : String(value);
}
