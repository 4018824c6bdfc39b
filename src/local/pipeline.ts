/** The pipeline's effects on this machine: folders instead of R2 and D1, a local ONNX Runtime. */
import './node-20.ts';
import { type EncoderServices, loadEncoder } from '../encoder/index.ts';
import type { PipelineEffects } from '../generate.ts';
import { loadHypernet } from '../hypernet/runtime.ts';
import { produceAdapter } from '../produce.ts';
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
    async produce(bundle, recipe) {
      const mustEncode = 'description' in recipe.input && recipe.embedding === undefined;
      const encoder = mustEncode ? await loadEncoder(bundle, { http: options.encoder }) : undefined;
      const hypernet = await loadHypernet(bundle, recipe.precision);
      return produceAdapter({
        ...recipe,
        bundle,
        encoder,
        hypernet,
        clock: () => performance.now(),
      });
    },
  };
}
