/**
 * The ONNX Runtime WASM module under Node: the very file the Worker ships, compiled from disk, so
 * that adapters made by the demo, the CLI and the benchmark have the bytes the Worker would make.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The compiled ONNX Runtime module. */
export async function loadOrtModule(): Promise<WebAssembly.Module> {
  const url = import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');
  return WebAssembly.compile(await readFile(fileURLToPath(url)));
}
