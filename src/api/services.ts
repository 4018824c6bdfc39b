/** The effects of one request, made from its bindings. */
import type { EncoderServices } from '../encoder/index.ts';
import type { Env } from '../env.ts';
import type { PipelineEffects } from '../pipeline/effects.ts';
import { produceRecipe } from '../pipeline/produce-recipe.ts';
import { adapterStore } from '../store/adapters.ts';
import { type BaseModelStore, baseModelStore } from '../store/base-models.ts';
import { blobStore } from '../store/blobs.ts';
import { catalog } from '../store/catalog.ts';
import { type HypernetStore, hypernetStore } from '../store/hypernets.ts';
import { layoutStore } from '../store/layouts.ts';
import { type Recorded, recordedIn } from '../store/recorded.ts';
import { admitGeneration } from './admission.ts';
import type { Timings } from './timing.ts';

/** What handlers work with. */
export interface Services extends PipelineEffects {
  readonly hypernets: HypernetStore;
  readonly baseModels: BaseModelStore;
  readonly recorded: Recorded;
}

/**
 * Binds the pipeline to the platform.
 *
 * @param address of the client, as Cloudflare knows it
 */
export function servicesOf(env: Env, timings: Timings, address: string | undefined): Services {
  const hypernets = hypernetStore(env.DB);
  return {
    hypernets,
    baseModels: baseModelStore(env.HYPERNETS),
    catalog: catalog(env.ASSETS, env.HYPERNETS, hypernets),
    adapters: adapterStore(env.DB),
    blobs: blobStore(env.ADAPTERS),
    layouts: layoutStore(env.DB),
    recorded: recordedIn(env.DB),
    now: () => Date.now(),
    admit: () => admitGeneration(env.GENERATIONS, address),
    damaged(path) {
      console.warn(`damaged: ${path}`);
      timings.add('damaged', 0);
    },
    time: (step, milliseconds) => timings.add(step, milliseconds),
    produce: (bundle, recipe) =>
      produceRecipe(bundle, recipe, encoderServices(env), (ms) => timings.add('load', ms)),
  };
}

function encoderServices(env: Env): EncoderServices {
  return {
    ai: env.AI,
    http: env.ENCODER_URL
      ? { url: env.ENCODER_URL, dialect: env.ENCODER_DIALECT, token: env.ENCODER_TOKEN }
      : undefined,
  };
}
