/** The pipeline's effects on this machine: folders instead of R2 and D1, a local ONNX Runtime. */
import './node-20.ts';
import type { EncoderServices } from '../encoder/index.ts';
import type { PipelineEffects } from '../pipeline/effects.ts';
import { produceRecipe } from '../pipeline/produce-recipe.ts';
import type { Catalog } from '../store/catalog.ts';
import { localStores } from './stores.ts';

/** What local operation works with. */
export interface LocalOptions {
  /** Folder of rows and files. */
  readonly data: string;
  /** Folder of further bundles. */
  readonly hypernets?: string | undefined;
  /** The embedding service of bundles whose encoder is of kind `http`. */
  readonly encoder?: EncoderServices['http'];
}

/** Binds the pipeline to this machine. */
export function localEffects(catalog: Catalog, options: LocalOptions): PipelineEffects {
  return {
    catalog,
    ...localStores(options.data),
    now: () => Date.now(),
    time() {},
    produce: (bundle, recipe) =>
      produceRecipe(bundle, recipe, {
        http: options.encoder && { ...options.encoder, quoting: true },
      }),
  };
}
