/**
 * ONNX Runtime for base models: on several threads where the browser lets the page share memory between
 * them, because a token of a language model is mostly the reading of all weights. Only answers are
 * computed here, and no adapters.
 *
 * A thread is a worker that runs ONNX Runtime's own module. It is a file beside the page's, so that no
 * thread runs the page's code again.
 */
import { setThreads, setWasmPaths } from '../../browser/ort-runtime.ts';
import { threadsFor } from '../../lm/threads.ts';
import { ORT_FILES } from '../ort-files.ts';

/** Says how ONNX Runtime is to start, when it is first needed. */
export function prepareRuntime(): void {
  setThreads(threadsFor(navigator.hardwareConcurrency, crossOriginIsolated));
  setWasmPaths(ORT_FILES);
}
