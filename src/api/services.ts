/** The effects of one request, made from its bindings. */
import { loadEncoder } from '../encoder/index.ts';
import type { Env } from '../env.ts';
import type { PipelineEffects } from '../generate.ts';
import { loadHypernet } from '../hypernet/runtime.ts';
import { produceAdapter } from '../produce.ts';
import { adapterStore } from '../store/adapters.ts';
import { blobStore } from '../store/blobs.ts';
import { catalog } from '../store/catalog.ts';
import { type HypernetStore, hypernetStore } from '../store/hypernets.ts';
import type { Timings } from './timing.ts';

/** What handlers work with. */
export interface Services extends PipelineEffects {
  readonly hypernets: HypernetStore;
}

/** Binds the pipeline to the platform. */
export function servicesOf(env: Env, timings: Timings): Services {
  const hypernets = hypernetStore(env.DB);
  return {
    hypernets,
    catalog: catalog(env.ASSETS, env.HYPERNETS, hypernets),
    adapters: adapterStore(env.DB),
    blobs: blobStore(env.ADAPTERS),
    now: () => Date.now(),
    time: (step, milliseconds) => timings.add(step, milliseconds),
    async produce(bundle, recipe) {
      const start = performance.now();
      const mustEncode = 'description' in recipe.input && recipe.embedding === undefined;
      const encoder = mustEncode ? await loadEncoder(bundle, encoderServices(env)) : undefined;
      const hypernet = await loadHypernet(bundle, recipe.precision);
      timings.add('load', performance.now() - start);
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

function encoderServices(env: Env): Parameters<typeof loadEncoder>[1] {
  return {
    ai: env.AI,
    http: env.ENCODER_URL
      ? { url: env.ENCODER_URL, dialect: env.ENCODER_DIALECT, token: env.ENCODER_TOKEN }
      : undefined,
  };
}
