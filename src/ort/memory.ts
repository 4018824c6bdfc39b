/** The heap that all sessions of ONNX Runtime share, for those who measure it. */

let heap: WebAssembly.Memory | undefined;

/** Remembers the heap that ORT was started with; a browser does not show it. */
export function rememberHeap(memory: WebAssembly.Memory | undefined): void {
  heap = memory;
}

/** Bytes of the WASM heap that all sessions share; it never shrinks. 0 before the first session. */
export function wasmMemoryBytes(): number {
  return heap?.buffer.byteLength ?? 0;
}
