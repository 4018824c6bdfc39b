/** What repositories are made from: the pipeline's effects, and the stores that files stream from. */
import type { PipelineEffects } from '../pipeline/effects.ts';

export interface HubEffects extends PipelineEffects {
  /** The static assets: built-in bundles and base models. */
  readonly assets: Pick<Fetcher, 'fetch'>;
  /** Registered bundles. */
  readonly bundles: Pick<R2Bucket, 'get'>;
  /** Lets work go on after the answer. */
  waitUntil(work: Promise<unknown>): void;
}
