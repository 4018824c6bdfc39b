/**
 * The ONNX Runtime WASM module under Node: the very file the Worker ships, compiled from disk, so
 * that adapters made by the demo, the CLI and the benchmark have the bytes the Worker would make.
 * The npm package has no dependencies: there the file lies beside the bundled code.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Compiled once: every session asks for it, and a network in chunks has dozens of sessions. */
let compiled: Promise<WebAssembly.Module> | undefined;

/** The compiled ONNX Runtime module. */
export function loadOrtModule(): Promise<WebAssembly.Module> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<WebAssembly.Module> {
  const beside = fileURLToPath(new URL('ort-wasm-simd-threaded.wasm', import.meta.url).href);
  return WebAssembly.compile(await readFile(existsSync(beside) ? beside : installed()));
}

function installed(): string {
  return fileURLToPath(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
}
