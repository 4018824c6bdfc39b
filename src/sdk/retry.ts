/**
 * When to try again. A server that says when it can be asked again is obeyed, within bounds; one that
 * does not answer is asked again after half a second, one second, two seconds, and so on.
 */

/** Tries after the first one, unless the caller says otherwise. */
export const DEFAULT_RETRIES = 3;
/** All waiting of one call together: longer than this, the caller should decide. */
export const MAX_WAIT_MS = 60_000;
const FIRST_WAIT_MS = 500;

/** How long to wait before the next try, if nobody said. */
export function backoff(attempt: number): number {
  return FIRST_WAIT_MS * 2 ** attempt;
}

/** Milliseconds of a Retry-After header, in seconds or as an HTTP date; undefined if it is neither. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) {
    return undefined;
  }
  if (/^\s*\d+\s*$/.test(value)) {
    return Number(value) * 1000;
  }
  // Date.parse takes many things for dates; an HTTP date begins with the name of a day.
  const date = /^\s*[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits; an abort ends it with the signal's reason. */
export async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  let abort = () => {};
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort);
  }).finally(() => signal?.removeEventListener('abort', abort));
}
