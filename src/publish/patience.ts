/**
 * Waiting and trying again, bounded: for as long as the other side asks for with `Retry-After`, else
 * twice as long each time.
 */

/** Thrown by an attempt that may succeed later; `failure` is thrown when there is no more trying. */
export class TryAgain extends Error {
  readonly waitMs: number | undefined;
  readonly failure: Error;

  constructor(waitMs: number | undefined, failure: Error) {
    super(failure.message);
    this.waitMs = waitMs;
    this.failure = failure;
  }
}

/** Waits; rejects with the signal's reason when it is aborted. */
export type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;

const MAX_TRIES = 4;
const FIRST_WAIT_MS = 500;
/** A caller who is asked to wait longer than this is told so instead. */
const MAX_WAIT_MS = 60_000;

/** Makes an attempt, and makes it again as long as it says so. */
export async function patiently<T>(
  attempt: () => Promise<T>,
  wait: Wait,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TryAgain)) {
        throw error;
      }
      const waitMs = error.waitMs ?? FIRST_WAIT_MS * 2 ** (tries - 1);
      if (tries === MAX_TRIES || waitMs > MAX_WAIT_MS) {
        throw error.failure;
      }
      await wait(waitMs, signal);
    }
  }
}

/** Milliseconds that a Retry-After header asks for: seconds or a date. */
export function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) {
    return undefined;
  }
  if (/^\d+$/.test(header.trim())) {
    return Number(header) * 1000;
  }
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits by the clock. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    function aborted(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
