/**
 * Answers of 304 that are given again. Making their headers anew would take as long as all the rest, and they have
 * no body: only that belongs to the request that it was made for.
 */
import { type Latest, latest } from '../store/latest.ts';
import type { Recorded } from '../store/recorded.ts';

/** An answer, and how long it is right. */
export interface Ready {
  readonly id: string;
  /** The route that it is counted by. */
  readonly route: string;
  readonly tag: string;
  readonly answer: Response;
  /** Milliseconds since 1970; that the adapter is there must be known besides. */
  readonly until: number;
}

/** By the whole address, whose host clients may make up. */
const KEPT = 512;
const readyOf = new WeakMap<Recorded, Latest<Ready>>();

/**
 * The answer for an address, to who has this tag.
 *
 * @param recorded what this isolate knows of adapters: it forgets those that are removed
 */
export function readyFor(url: string, tag: string | null, recorded: Recorded): Ready | undefined {
  const ready = tag === null ? undefined : readyOf.get(recorded)?.get(url);
  return ready !== undefined &&
    ready.tag === tag &&
    recorded.seen(ready.id) !== undefined &&
    Date.now() < ready.until
    ? ready
    : undefined;
}

/** Keeps an answer for an address. */
export function keepReady(url: string, ready: Ready, recorded: Recorded): void {
  const all = readyOf.get(recorded) ?? latest<Ready>(KEPT);
  readyOf.set(recorded, all);
  all.set(url, ready);
}
