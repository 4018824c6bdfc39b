/**
 * Making adapters in one isolate, where requests share one processor and 128 MB: the same adapter is made
 * by one request at a time, so that whoever asks for it meanwhile finds it made, and only so many requests
 * are taken at all, so that a crowd is told to come back instead of waiting for its turn until it gives up.
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
  /** Requests that make adapters or wait for one. */
  readonly most: number;
  /** How long a request is believed to be alive. */
  readonly aliveMs: number;
  /** Milliseconds since any moment. */
  now(): number;
}

const RETRY_AFTER_SECONDS = 5;

/** Requests of one isolate. */
export function createMaking({ most, aliveMs, now }: MakingLimits): Making {
  const taken = new Set<{ readonly since: number }>();
  const makers = new Map<string, Promise<void>>();

  function take(): { readonly since: number } {
    for (const request of taken) {
      if (request.since < now() - aliveMs) {
        taken.delete(request);
      }
    }
    if (taken.size >= most) {
      throw new T2lError(
        'overloaded',
        `${most} adapters are being made here; retry in ${RETRY_AFTER_SECONDS} seconds.`,
        { extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } } },
      );
    }
    const request = { since: now() };
    taken.add(request);
    return request;
  }

  return async (id, work) => {
    const request = take();
    try {
      let waited = false;
      // Nothing is awaited between finding that nobody makes it and beginning to.
      for (let other = makers.get(id); other !== undefined; other = makers.get(id)) {
        waited = true;
        await settledWithin(other, aliveMs);
        if (makers.get(id) === other) {
          makers.delete(id);
        }
      }
      const { promise: done, resolve: end } = Promise.withResolvers<void>();
      makers.set(id, done);
      try {
        return await work(waited);
      } finally {
        if (makers.get(id) === done) {
          makers.delete(id);
        }
        end();
      }
    } finally {
      taken.delete(request);
    }
  };
}
