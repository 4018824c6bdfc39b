/**
 * The ONNX Runtime WASM module inside workerd.
 *
 * Workers forbid compiling code at run time, so the binary is imported: wrangler ships it as a
 * precompiled `WebAssembly.Module`. `#ort-module` in package.json picks this file under the
 * `workerd` condition and its Node sibling elsewhere.
 */
import ortModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';

/** The compiled ONNX Runtime module. */
export function loadOrtModule(): Promise<WebAssembly.Module> {
  return Promise.resolve(ortModule);
}
