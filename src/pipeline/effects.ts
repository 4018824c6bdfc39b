/**
 * What every step of the pipeline works with: the recipe of an adapter, and the effects, passed in. The
 * Worker binds them to R2, D1 and its timing header, the command line to folders; generate.ts and
 * stored-files.ts know neither.
 */

import type { Bundle } from '../bundle/bundle.ts';
import type { Precision } from '../bundle/manifest.ts';
import type { AdapterInput } from '../contract/adapter-id.ts';
import type { AdapterStore } from '../store/adapters.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Catalog } from '../store/catalog.ts';
import type { HypernetVersion } from '../store/families.ts';
import type { FileCache } from '../store/file-cache.ts';
import type { LayoutStore } from '../store/layouts.ts';
import type { AdapterRow } from '../store/schema.ts';
import type { UseStore } from '../store/uses.ts';
import type { CardWriter } from './card-file.ts';
import type { Making } from './making.ts';
import type { Dtype, Produced } from './produce.ts';

/** What determines the bytes of an adapter, given its bundle. */
export interface Recipe {
  readonly input: AdapterInput;
  /** The vector of a description that was encoded before: it is not encoded again. */
  readonly embedding?: Float32Array;
  readonly dtype: Dtype;
  readonly precision: Precision;
  readonly strength: number;
}

/** The recipe that a row was made from; its embedding is in the row. */
export function recipeOf(row: AdapterRow): Recipe {
  return {
    input:
      row.description === null ? { embedding: row.embedding } : { description: row.description },
    embedding: row.embedding,
    dtype: row.dtype as Dtype,
    precision: row.precision as Precision,
    strength: row.strength,
  };
}

/** The effects that the pipeline has. */
export interface PipelineEffects {
  readonly catalog: Catalog;
  readonly adapters: AdapterStore;
  readonly blobs: BlobStore;
  /** Copies of stored files that are nearer. */
  readonly cache?: FileCache;
  readonly layouts: LayoutStore;
  /**
   * Lets a request make an adapter, or throws; what is known already is free.
   *
   * @returns gives back what was counted, for an adapter that is not made by no fault of who asked
   */
  admit?(): Promise<(() => Promise<void>) | undefined>;
  /**
   * Is told what came of an adapter that was not there.
   *
   * @param description of a request that left the version to the name; only these compare versions
   */
  outcome?(
    version: Pick<HypernetVersion, 'name' | 'digest'>,
    failed: boolean,
    description: string | undefined,
  ): void;
  /** Lets a request have a layout written that is not stored, or throws. */
  admitLayout?(): Promise<void>;
  /** What lies in R2, where the audit is to put right what was noted of it. */
  readonly uses?: Pick<UseStore, 'found' | 'forget'>;
  /** Throws for what was removed for good. */
  refuse?(id: string, input: AdapterInput): Promise<void>;
  /** Keeps requests from making the same adapter at once, and too many from making any. */
  readonly making?: Making;
  /** Throws for descriptions that the operator's moderation refuses; asked of new ones only. */
  moderate?(description: string): Promise<void>;
  /** Encodes, runs and packs. */
  produce(bundle: Bundle, recipe: Recipe): Promise<Produced>;
  /** Words the cards; the card of this version unless given. */
  readonly card?: CardWriter | undefined;
  /** Is told of a stored file that was found to have other bytes than were recorded. */
  damaged?(path: string): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** Notes how long a step took. */
  time(step: string, milliseconds: number): void;
}

/** Does a step and notes how long it took, also if it failed. */
export async function timed<T>(
  effects: PipelineEffects,
  step: string,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    effects.time(step, performance.now() - start);
  }
}
