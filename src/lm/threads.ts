/** On how many threads a base model is computed, where there may be several. */

/** More of them wait for memory together, and leave nothing to others. */
const MOST_THREADS = 4;

/**
 * How many threads.
 *
 * @param cores as the machine tells; some tell none
 * @param shared whether threads may share memory: a page's only if it is isolated from others
 */
export function threadsFor(cores: number | undefined, shared: boolean): number {
  return shared ? Math.max(1, Math.min(MOST_THREADS, cores ?? 1)) : 1;
}
