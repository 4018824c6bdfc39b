/**
 * The one file that knows onnxruntime-web.
 *
 * workerd cannot compile WASM at run time, and onnxruntime-web insists on compiling it itself. So
 * ORT gets a dummy binary, and the single `WebAssembly.instantiate(buffer, imports)` call its
 * Emscripten glue makes during start-up is answered with an instance of the module that
 * `#ort-module` holds. The instance is made synchronously: start-up then consists of microtasks
 * only, so it always finishes inside the request that began it and no other request can be left
 * waiting for a promise whose request was cancelled.
 *
 * An ORT session cannot be created or run twice at once, and all sessions share one heap: one
 * promise chain serialises every call, so callers cannot get it wrong.
 */

import * as ort from 'onnxruntime-web/wasm';
import { loadOrtModule } from '#ort-module';
import { T2lError } from '../errors.ts';
import { splitModel } from './onnx-external.ts';

/** A dense tensor going into or coming out of a graph. */
export type OrtTensor =
  | { type: 'float32'; data: Float32Array; dims: readonly number[] }
  | { type: 'int64'; data: BigInt64Array; dims: readonly number[] };

/** A loaded graph. */
export interface OrtSession {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The declared shape of every input; a name stands for a free dimension. */
  readonly inputShapes: ReadonlyMap<string, readonly (number | string)[]>;
  /** Runs the graph once; calls on any session wait for each other. */
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  /** Frees the graph's memory inside the WASM heap; runs already queued still happen. */
  release(): Promise<void>;
  /** Whether `release` was called: such a session runs no more. */
  readonly released: boolean;
}

/** Any valid value: ORT only checks that a binary was given, and it is never compiled. */
const DUMMY_WASM_BINARY = new Uint8Array(8);

/**
 * Arena and memory patterns keep freed activations for the next run, and prepacking keeps a second
 * copy of the weights in the order in which products read them. With one run an adapter that only
 * costs memory, of which an isolate has 128 MB in all; for a chunk, which is used once, also time.
 */
const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  executionProviders: ['wasm'],
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { disable_prepacking: '1' } },
};

let queue: Promise<unknown> = Promise.resolve();
let started = false;
let memory: WebAssembly.Memory | undefined;

/**
 * Loads a graph. The weights are copied into the WASM heap; the bytes may be dropped afterwards.
 *
 * @param model an ONNX model
 * @throws T2lError `bundle_graph_invalid` if ORT cannot load it
 */
export async function createSession(model: Uint8Array): Promise<OrtSession> {
  // Outside the queue: under Node it reads a file, and the queue must hold no I/O.
  const wasm = await loadOrtModule();
  return serialised(async () => {
    const session = await create(wasm, model).catch((cause: unknown) => {
      throw loadFailure(cause);
    });
    let released = false;
    return {
      inputs: session.inputNames,
      outputs: session.outputNames,
      inputShapes: new Map(
        session.inputMetadata.flatMap((input) =>
          input.isTensor ? [[input.name, input.shape]] : [],
        ),
      ),
      get released() {
        return released;
      },
      run: (feeds) => serialised(() => run(session, feeds)),
      async release() {
        // Once only: ORT names sessions by address, and a later session may have the same one.
        if (!released) {
          released = true;
          await serialised(() => session.release());
        }
      },
    };
  });
}

/** Bytes of the WASM heap that all sessions share; it never shrinks. 0 before the first session. */
export function wasmMemoryBytes(): number {
  return memory?.buffer.byteLength ?? 0;
}

function serialised<T>(task: () => Promise<T>): Promise<T> {
  const result = queue.then(task);
  queue = result.catch(() => undefined);
  return result;
}

async function create(wasm: WebAssembly.Module, model: Uint8Array): Promise<ort.InferenceSession> {
  const { graph, location } = splitModel(model);
  const options = { ...SESSION_OPTIONS, externalData: [{ path: location, data: model }] };
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

/** Before there is a heap, the runtime itself did not start, which is not the model's fault. */
function loadFailure(cause: unknown): unknown {
  if (memory === undefined) {
    return cause;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new T2lError('bundle_graph_invalid', 422, `The graph cannot be loaded: ${reason}`);
}

/** A stand-in for `WebAssembly.instantiate` that ignores the bytes and remembers the memory. */
function instantiateFrom(wasm: WebAssembly.Module): typeof WebAssembly.instantiate {
  async function instantiate(
    _source: unknown,
    imports: WebAssembly.Imports = {},
  ): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
    memory = Object.values(imports)
      .flatMap((namespace) => Object.values(namespace))
      .find((value) => value instanceof WebAssembly.Memory);
    return { module: wasm, instance: new WebAssembly.Instance(wasm, imports) };
  }
  return instantiate as unknown as typeof WebAssembly.instantiate;
}

async function run(
  session: ort.InferenceSession,
  feeds: Record<string, OrtTensor>,
): Promise<Record<string, OrtTensor>> {
  const tensors: Record<string, ort.Tensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(feeds)) {
    tensors[name] = new ort.Tensor(type, data, dims);
  }
  const outputs: Record<string, OrtTensor> = {};
  for (const [name, tensor] of Object.entries(await session.run(tensors))) {
    if (tensor.data instanceof Float32Array) {
      outputs[name] = { type: 'float32', data: tensor.data, dims: tensor.dims };
    } else if (tensor.data instanceof BigInt64Array) {
      outputs[name] = { type: 'int64', data: tensor.data, dims: tensor.dims };
    } else {
      throw new Error(
        `graph output ${name} is ${tensor.type}; only float32 and int64 are supported`,
      );
    }
  }
  return outputs;
}
