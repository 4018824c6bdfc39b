/**
 * On how many threads a base model is computed, where there may be several: half of the cores, up to four,
 * as ONNX Runtime itself would choose. With a thread for each core of a small machine they wait for one
 * another and for the browser: on two cores two are slower than one (`npm run bench`).
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
