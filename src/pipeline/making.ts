/**
 * Making adapters in one isolate, where requests share one processor and 128 MB: the same adapter is made
 * by one request at a time, so that whoever asks for it meanwhile finds it made; and only so many are made
 * and waited for at all, of one client only a part of them, so that a crowd is told to come back instead of
 * waiting for its turn until it gives up.
 *
 * In workerd a request may die at any I/O, and what it holds is then never given back: whoever waits for it
 * does so for a bounded time, and after that it no longer counts.
 */
import { T2lError } from '../contract/errors.ts';
import { settledWithin } from '../ort/turns.ts';

/**
 * Runs the work that makes an adapter.
 *
 * @param work is told whether another request has just made the same
 * @throws T2lError `overloaded`
 */
export type Making = <T>(id: string, work: (waited: boolean) => Promise<T>) => Promise<T>;

/** How much is taken. */
export interface MakingLimits {
  /** Adapters that are made at a time, */
  readonly most: number;
  /** and of these for one client. */
  readonly mostOfOne: number;
  /** Requests that wait for one that is being made. */
  readonly mostWaiting: number;
  /** How long a request is believed to be alive. */
  readonly aliveMs: number;
  /** Milliseconds since any moment. */
  now(): number;
}

/** A request that makes an adapter or waits for one. */
interface Taken {
  readonly since: number;
  readonly client: string | undefined;
}

const RETRY_AFTER_SECONDS = 5;

/**
 * What makes adapters in one isolate, for each client.
 *
 * @returns the making of a client; without one, no client's part is limited
 */
export function createMaking(limits: MakingLimits): (client?: string) => Making {
  const { most, mostOfOne, mostWaiting, aliveMs, now } = limits;
  const making = new Set<Taken>();
  const waiting = new Set<Taken>();
  const makers = new Map<string, { readonly since: number; readonly done: Promise<void> }>();

  function take(taken: Set<Taken>, limit: number, client: string | undefined): Taken {
    const dead = now() - aliveMs;
    for (const request of taken) {
      if (request.since < dead) {
        taken.delete(request);
      }
    }
    const own = [...taken].filter((one) => client !== undefined && one.client === client).length;
    if (taken.size >= limit) {
      throw overloaded(`${limit} adapters are being made here`);
    }
    if (taken === making && own >= mostOfOne) {
      throw overloaded(`${mostOfOne} adapters are being made for you`);
    }
    const request = { since: now(), client };
    taken.add(request);
    return request;
  }

  async function waitFor(id: string, client: string | undefined): Promise<boolean> {
    const own = take(waiting, mostWaiting, client);
    try {
      for (let other = makers.get(id); other !== undefined; other = makers.get(id)) {
        await settledWithin(other.done, aliveMs);
        if (makers.get(id) === other) {
          makers.delete(id);
        }
      }
      return true;
    } finally {
      waiting.delete(own);
    }
  }

  return (client) => async (id, work) => {
    let waited = false;
    while (makers.has(id)) {
      waited = await waitFor(id, client);
    }
    // From here on nothing is awaited until the place of the maker is taken.
    const own = take(making, most, client);
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const maker = { since: now(), done };
    for (const [other, { since }] of makers) {
      if (since < now() - aliveMs) {
        makers.delete(other);
      }
    }
    makers.set(id, maker);
    try {
      return await work(waited);
    } finally {
      if (makers.get(id) === maker) {
        makers.delete(id);
      }
      making.delete(own);
      end();
    }
  };
}

function overloaded(why: string): T2lError {
  return new T2lError('overloaded', `${why}; retry in ${RETRY_AFTER_SECONDS} seconds.`, {
    extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } },
  });
}
