/**
 * One piece of work at a time in the whole page: two hypernetworks at once would need the memory of
 * both, and one that is aborted must not take along who shares its load.
 */
import { unlessAborted } from '../ort/abort.ts';

let last: Promise<unknown> = Promise.resolve();

/** Does the work when all work before it is done; an abort rejects at once with the signal's reason. */
export function inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const mine = last.then(() => {
    signal?.throwIfAborted();
    return work();
  });
  last = mine.catch(() => undefined);
  return unlessAborted(mine, signal);
}
