/**
 * Stores that may be away for a moment. Whatever D1 and R2 answer with when they cannot, a caller is told one
 * thing: come back in a few seconds. What may be done twice is tried twice first, and nothing is waited for
 * without end: a full disk, for one, lets a write hang.
 */
import { T2lError } from '../contract/errors.ts';

/** How long one try may take: the slowest lawful one writes some 10 MB. */
export const TRY_MS = 15_000;
const PAUSE_MS = 100;
const TRIES = 2;
export const RETRY_AFTER_SECONDS = 5;

/**
 * A store whose methods are tried twice. All of them must be such that doing them twice does what doing
 * them once does.
 *
 * @param tryMs how long one try may take
 * @param tries 1 for what must not be done twice: its failure is only told as that of any store
 */
export function steady<Store extends object>(store: Store, tryMs = TRY_MS, tries = TRIES): Store {
  const methods = Object.entries(store).map(([name, method]: [string, unknown]) => [
    name,
    typeof method !== 'function'
      ? method
      : (...args: readonly unknown[]) => {
          const first: unknown = method.apply(store, args);
          return first instanceof Promise
            ? tried(first, () => method.apply(store, args) as Promise<unknown>, { tryMs, tries })
            : first;
        },
  ]);
  return Object.fromEntries(methods) as Store;
}

async function tried(
  first: Promise<unknown>,
  again: () => Promise<unknown>,
  { tryMs, tries }: { readonly tryMs: number; readonly tries: number },
): Promise<unknown> {
  let cause: unknown;
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      if (attempt > 0) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      return await within(attempt === 0 ? first : again(), tryMs);
    } catch (error) {
      if (error instanceof T2lError) {
        throw error;
      }
      cause = error;
    }
  }
  throw unavailable(cause);
}

/** What everybody is told of a store that is away. */
export function unavailable(cause: unknown): T2lError {
  return new T2lError(
    'store_unavailable',
    `What is stored cannot be reached just now; retry in ${RETRY_AFTER_SECONDS} seconds.`,
    { cause, extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } } },
  );
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
