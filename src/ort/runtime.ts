/**
 * ONNX Runtime in Node and workerd: how it is started, and what it does with a graph.
 *
 * workerd cannot compile WASM at run time, and onnxruntime-web insists on compiling it itself. So
 * ORT gets a dummy binary, and the single `WebAssembly.instantiate(buffer, imports)` call its
 * Emscripten glue makes during start-up is answered with an instance of the module that
 * `#ort-module` holds. The instance is made synchronously: start-up then consists of microtasks
 * only, so it always finishes inside the request that began it and no other request can be left
 * waiting for a promise whose request was cancelled. In a browser `#ort-runtime` is
 * `browser/ort-runtime.ts`, where ORT starts as it always does.
 */
import * as ort from 'onnxruntime-web/wasm';
import { loadOrtModule } from '#ort-module';
import { type Device, graphRefused, type OrtRuntime, wasmOptions } from './device.ts';
import { growSparingly } from './growth.ts';
import { rememberHeap, wasmMemoryBytes } from './memory.ts';

/** Any valid value: ORT only checks that a binary was given, and it is never compiled. */
const DUMMY_WASM_BINARY = new Uint8Array(8);

let started = false;

/** The runtime of a device; there is no other one here. */
export async function ortRuntime(device: Device): Promise<OrtRuntime> {
  if (device !== 'wasm') {
    throw new Error(`only a browser can run graphs by ${device}`);
  }
  const wasm = await loadOrtModule();
  return {
    Tensor: ort.Tensor,
    async create(graph, externalData, prepack) {
      const session = createStarting(wasm, graph, { ...wasmOptions(prepack), externalData });
      return session.catch((cause: unknown) => {
        // Before there is a heap, ORT itself did not start, which is not the model's fault.
        throw wasmMemoryBytes() === 0 ? cause : graphRefused(cause);
      });
    },
  };
}

async function createStarting(
  wasm: WebAssembly.Module,
  graph: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  if (started) {
    return ort.InferenceSession.create(graph, options);
  }
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = DUMMY_WASM_BINARY;
  const original = WebAssembly.instantiate;
  WebAssembly.instantiate = instantiateFrom(wasm);
  try {
    const session = await ort.InferenceSession.create(graph, options);
    started = true;
    return session;
  } finally {
    WebAssembly.instantiate = original;
  }
}

/** A stand-in for `WebAssembly.instantiate` that ignores the bytes and remembers the heap. */
function instantiateFrom(wasm: WebAssembly.Module): typeof WebAssembly.instantiate {
  async function instantiate(
    _source: unknown,
    imports: WebAssembly.Imports = {},
  ): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
    const heap = Object.values(imports)
      .flatMap((namespace) => Object.values(namespace))
      .find((value) => value instanceof WebAssembly.Memory);
    rememberHeap(heap);
    const given = heap === undefined ? imports : growSparingly(imports, heap);
    return { module: wasm, instance: new WebAssembly.Instance(wasm, given) };
  }
  return instantiate as unknown as typeof WebAssembly.instantiate;
}
