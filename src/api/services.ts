/** The effects of one request, made from its bindings. */
import { forLog } from '../contract/log.ts';
import { allows } from '../contract/scopes.ts';
import type { EncoderServices } from '../encoder/index.ts';
import type { Env } from '../env.ts';
import type { PipelineEffects } from '../pipeline/effects.ts';
import { createMaking } from '../pipeline/making.ts';
import { produceRecipe } from '../pipeline/produce-recipe.ts';
import { adapterStore } from '../store/adapters.ts';
import { type BaseModelStore, baseModelStore } from '../store/base-models.ts';
import { blobStore } from '../store/blobs.ts';
import { catalog } from '../store/catalog.ts';
import { type HypernetStore, hypernetStore } from '../store/hypernets.ts';
import { layoutStore } from '../store/layouts.ts';
import { quotaStore } from '../store/quotas.ts';
import { type Recorded, recordedIn } from '../store/recorded.ts';
import { keysOf, type RefusalStore, refusalStore, requireWanted } from '../store/refusals.ts';
import { steady } from '../store/steady.ts';
import { type TokenStore, tokenStore } from '../store/tokens.ts';
import { type Noting, tracked } from '../store/tracked.ts';
import { ANONYMOUS, useStore } from '../store/uses.ts';
import { type AdmissionEffects, admitGeneration, admitSearch, clientOf } from './admission.ts';
import { type Caller, callerOf } from './caller.ts';
import { Timings } from './timing.ts';

/** Of this isolate: some 30 of the slowest adapters in a minute is what one processor makes. */
const makingFor = createMaking({
  most: 32,
  mostOfOne: 8,
  mostWaiting: 256,
  // Longer than the store's two tries of every step of it.
  aliveMs: 90_000,
  now: () => Date.now(),
});

/** What handlers work with. */
export interface Services extends PipelineEffects {
  readonly hypernets: HypernetStore;
  readonly baseModels: BaseModelStore;
  readonly recorded: Recorded;
  readonly tokens: TokenStore;
  readonly refusals: RefusalStore;
  /** Who asks; found out once, when somebody wants to know. */
  caller(): Promise<Caller>;
  /** Lets a request search, or throws. */
  admitSearch(): Promise<void>;
}

/** What is known of whoever sent the request. */
export interface Sender {
  /** As Cloudflare knows it. */
  readonly address: string | undefined;
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
}

/** Does work that nobody waits for, as `waitUntil` does. */
export type Defer = (work: Promise<void>) => void;

/** Binds the pipeline to the platform, for one request. */
export function servicesOf(
  env: Env,
  timings: Timings,
  { address, authorization }: Sender,
  defer: Defer,
): Services {
  const hypernets = hypernetStore(env.DB);
  const now = () => Date.now();
  const tokens = tokenStore(env.DB, now);
  let asks: Promise<Caller> | undefined;
  function caller(): Promise<Caller> {
    asks ??= callerOf(authorization, { adminToken: env.ADMIN_TOKEN, tokens, now });
    return asks;
  }
  const noting: Noting = {
    uses: useStore(env.DB),
    async madeBy() {
      const { token, scopes } = await caller();
      return token?.id ?? (scopes.length > 0 ? 'admin' : ANONYMOUS);
    },
    now,
    later: (work) => defer(work().catch((error: unknown) => console.warn(forLog(error)))),
  };
  const stores = {
    adapters: steady(adapterStore(env.DB)),
    blobs: steady(blobStore(env.ADAPTERS)),
  };
  const refusals = steady(refusalStore(env.DB));
  const admission: AdmissionEffects = { env, quotas: quotaStore(env.DB), address, caller, now };
  return {
    tokens,
    refusals,
    caller,
    admitSearch: () => admitSearch(admission),
    hypernets,
    baseModels: baseModelStore(env.HYPERNETS),
    catalog: catalog(env.ASSETS, env.HYPERNETS, hypernets),
    ...tracked(stores, env.ADAPTERS, noting),
    layouts: steady(layoutStore(env.DB)),
    recorded: recordedIn(env.DB),
    now,
    async refuse(id, input) {
      const keys = await keysOf(id, input);
      const { scopes } = await caller();
      // Who may remove may also have it made again.
      await (allows(scopes, 'admin') ? refusals.lift(keys) : requireWanted(keys, refusals));
    },
    admit: () => admitGeneration(admission),
    async making(id, work) {
      return makingFor(await clientOf(admission))(id, work);
    },
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

/** The services of the clock: it sends nothing, and what it reads is no use of it. */
export function servicesOfClock(env: Env): Services {
  const nobody: Sender = { address: undefined, authorization: undefined };
  const services = servicesOf(env, new Timings(), nobody, () => undefined);
  return {
    ...services,
    adapters: steady(adapterStore(env.DB)),
    blobs: steady(blobStore(env.ADAPTERS)),
    uses: useStore(env.DB),
  };
}
