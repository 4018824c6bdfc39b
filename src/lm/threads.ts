/**
 * On how many threads a base model is computed, where there may be several: half of the cores, up to four,
 * as ONNX Runtime itself would choose. What a machine calls cores may be two threads of one: there two are
 * slower than one, by more than they are faster on two real cores (`npm run bench`), and a page cannot tell.
 */

/** More of them wait for memory together, and leave nothing to others. */
const MOST_THREADS = 4;

/**
 * How many threads.
 *
 * @param cores as the machine tells; some tell none
 * @param shared whether threads may share memory: a page's only if it is isolated from others
 */
export function threadsFor(cores: number | undefined, shared: boolean): number {
  return shared ? Math.max(1, Math.min(MOST_THREADS, Math.ceil((cores ?? 1) / 2))) : 1;
}
