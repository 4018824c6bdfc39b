/**
 * The ONNX Runtime WASM module under Node: the very file the Worker ships, compiled from disk, so
 * that adapters made by the demo, the CLI and the benchmark have the bytes the Worker would make.
 * The npm package has no dependencies: there it is the file that the page loads, so that the package has one.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where the package has the file, from the bundled code; scripts/package/cli.ts puts it here. */
declare const T2L_ORT_WASM: string | undefined;

/** Compiled once: every session asks for it, and a network in chunks has dozens of sessions. */
let compiled: Promise<WebAssembly.Module> | undefined;

/** The compiled ONNX Runtime module. */
export function loadOrtModule(): Promise<WebAssembly.Module> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<WebAssembly.Module> {
  const packed = typeof T2L_ORT_WASM === 'undefined' ? undefined : T2L_ORT_WASM;
  const file =
    packed === undefined ? installed() : fileURLToPath(new URL(packed, import.meta.url).href);
  return WebAssembly.compile(await readFile(file));
}

function installed(): string {
  return fileURLToPath(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
}
