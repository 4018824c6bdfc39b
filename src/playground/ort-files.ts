/** Where ONNX Runtime's own module and its WASM lie: files beside the page's, for every worker of it. */
import modulePath from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasmPath from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

export const ORT_FILES = {
  mjs: new URL(modulePath, location.href).href,
  wasm: new URL(wasmPath, location.href).href,
};
