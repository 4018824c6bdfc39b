/**
 * Memory: the heap that all sessions of ONNX Runtime share, for those who measure it, and giving buffers
 * back at once. A dropped buffer stays until the garbage collector comes, and the collector sees tens of
 * megabytes of buffers as a few small objects: an isolate of 128 MB can be full before it runs. Detaching
 * a buffer frees its bytes now.
 */

let heap: WebAssembly.Memory | undefined;

/** Remembers the heap that ORT was started with; a browser does not show it. */
export function rememberHeap(memory: WebAssembly.Memory | undefined): void {
  heap = memory;
}

/** Bytes of the WASM heap that all sessions share; it never shrinks. 0 before the first session. */
export function wasmMemoryBytes(): number {
  return heap?.buffer.byteLength ?? 0;
}

/** Frees the buffer of a view; it and every other view of the buffer are empty afterwards. */
export function free({ buffer }: ArrayBufferView): void {
  (buffer as ArrayBuffer).transfer(0);
}
