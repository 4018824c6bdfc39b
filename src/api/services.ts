/** The effects of one request, made from its bindings. */
import { madeCount } from '../contract/counts.ts';
import { forLog, logLine } from '../contract/log.ts';
import { allows } from '../contract/scopes.ts';
import type { EncoderServices } from '../encoder/index.ts';
import type { Env } from '../env.ts';
import { moderatorOf, requireAllowed } from '../moderation/index.ts';
import { readingsOf } from '../moderation/readings.ts';
import { watchCanary } from '../pipeline/canary-watch.ts';
import type { PipelineEffects } from '../pipeline/effects.ts';
import { createMaking } from '../pipeline/making.ts';
import { produceRecipe } from '../pipeline/produce-recipe.ts';
import { warmUp } from '../pipeline/warm-up.ts';
import { adapterStore } from '../store/adapters.ts';
import { type BaseModelStore, baseModelStore } from '../store/base-models.ts';
import { blobStore, type StatingBlobStore } from '../store/blobs.ts';
import { catalog } from '../store/catalog.ts';
import { type FileCache, fileCache, type KeepingEffects, withCopies } from '../store/file-cache.ts';
import { type HypernetStore, hypernetStore } from '../store/hypernets.ts';
import { layoutStore } from '../store/layouts.ts';
import { quotaStore } from '../store/quotas.ts';
import { forgetting, type Recorded, recordedIn } from '../store/recorded.ts';
import { keysOf, type RefusalStore, refusalStore, requireWanted } from '../store/refusals.ts';
import { steady } from '../store/steady.ts';
import { type TokenStore, tokenStore } from '../store/tokens.ts';
import { type Noting, tracked } from '../store/tracked.ts';
import { ANONYMOUS, useStore } from '../store/uses.ts';
import {
  type AdmissionEffects,
  admitGeneration,
  admitLayout,
  admitSearch,
  clientOf,
} from './admission.ts';
import { type Caller, callerOf } from './caller.ts';
import { count } from './counting.ts';
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
  readonly blobs: StatingBlobStore;
  readonly cache: FileCache;
  readonly hypernets: HypernetStore;
  readonly baseModels: BaseModelStore;
  readonly recorded: Recorded;
  readonly tokens: TokenStore;
  readonly refusals: RefusalStore;
  /** Who asks; found out once, when somebody wants to know. */
  caller(): Promise<Caller>;
  /** Who an adapter is made for, as the store notes it. */
  madeBy(): Promise<string>;
  /** Lets a request search, or throws. */
  admitSearch(): Promise<void>;
}

/** What is known of whoever sent the request. */
export interface Sender {
  /** As Cloudflare knows it. */
  readonly address: string | undefined;
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** Who had asked, where it is done for somebody who is gone. */
  readonly madeBy?: string | undefined;
}

/** Does work that nobody waits for, as `waitUntil` does. */
export type Defer = (work: Promise<void>) => void;

/** Binds the pipeline to the platform, for one request. */
export function servicesOf(
  env: Env,
  timings: Timings,
  { address, authorization, madeBy }: Sender,
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
  function later(work: () => Promise<void>): void {
    defer(
      work().catch((error: unknown) => logLine('warn', 'not done later', { error: forLog(error) })),
    );
  }
  const noting: Noting = {
    uses: useStore(env.DB),
    async madeBy() {
      if (madeBy !== undefined) {
        return madeBy;
      }
      const { token, scopes } = await caller();
      return token?.id ?? (scopes.length > 0 ? 'admin' : ANONYMOUS);
    },
    now,
    later,
  };
  const stores = storesOf(env, later);
  const refusals = steady(refusalStore(env.DB));
  async function moderate(description: string): Promise<void> {
    const { scopes } = await caller();
    const moderator = moderatorOf(env);
    // Who may remove may have it made: moderators are wrong now and then.
    if (moderator !== undefined && !allows(scopes, 'admin')) {
      for (const reading of readingsOf(description)) {
        await requireAllowed(reading, moderator);
      }
    }
  }
  const admission: AdmissionEffects = { env, quotas: quotaStore(env.DB), address, caller, now };
  const known = catalog(env.ASSETS, env.HYPERNETS, hypernets);
  return {
    tokens,
    refusals,
    caller,
    madeBy: noting.madeBy,
    admitSearch: () => admitSearch(admission),
    hypernets,
    baseModels: baseModelStore(env.HYPERNETS),
    catalog: known,
    outcome(version, failed, description) {
      if (failed) {
        count(madeCount('failed', version.digest));
      }
      if (description !== undefined) {
        const effects = { catalog: known, hypernets, now };
        later(() => watchCanary(version, description, failed, effects));
      }
    },
    async produce(bundle, recipe) {
      const loaded = (ms: number) => timings.add('load', ms);
      const [produced] = await Promise.all([
        produceRecipe(bundle, recipe, encoderServices(env), loaded),
        warmUp(),
      ]);
      return produced;
    },
    ...tracked(stores, env.ADAPTERS, noting),
    layouts: steady(layoutStore(env.DB)),
    recorded: stores.recorded,
    now,
    async refuse(id, input) {
      const keys = await keysOf(id, input);
      const { scopes } = await caller();
      // Who may remove may also have it made again.
      await (allows(scopes, 'admin') ? refusals.lift(keys) : requireWanted(keys, refusals));
    },
    admit: () => admitGeneration(admission),
    admitLayout: () => admitLayout(admission),
    ...(env.MODERATION && { moderate }),
    async making(id, work) {
      return makingFor(await clientOf(admission))(id, work);
    },
    damaged(path) {
      logLine('warn', 'damaged', { path });
      timings.add('damaged', 0);
    },
    time: (step, milliseconds) => timings.add(step, milliseconds),
  };
}

/** The stores of adapters, where a removal leaves nothing behind that is near. */
function storesOf(env: Env, later: KeepingEffects['later']) {
  const recorded = recordedIn(env.DB);
  const blobs = steady(blobStore(env.ADAPTERS));
  const cache = fileCache({
    later,
    isThere: async (id, name) => (await blobs.describe(id, name)) !== undefined,
  });
  return {
    adapters: forgetting(steady(adapterStore(env.DB)), recorded),
    blobs: withCopies(blobs, cache),
    cache,
    recorded,
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
  const { adapters, blobs } = storesOf(env, () => undefined);
  return { ...services, adapters, blobs, uses: useStore(env.DB) };
}

/** The services of the queue: what it makes was admitted before. */
export function servicesOfQueue(env: Env, madeBy: string, defer: Defer): Services {
  const gone: Sender = { address: undefined, authorization: undefined, madeBy };
  const {
    admit: _admitted,
    moderate: _moderated,
    ...services
  } = servicesOf(env, new Timings(), gone, defer);
  return services;
}
