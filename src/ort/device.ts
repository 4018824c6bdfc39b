/**
 * What ONNX Runtime's sessions have in common wherever they run: the devices, the options that an
 * adapter's bytes depend on, and what becomes of a graph that ORT refuses.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { T2lError } from '../contract/errors.ts';

/** Where a graph runs. Only `wasm` gives the same bits on every machine. */
export type Device = 'wasm' | 'webgpu';

/** ORT for one device. */
export interface OrtRuntime {
  readonly Tensor: typeof Tensor;
  /**
   * Loads a graph whose weights lie in the bytes it refers to, and starts ORT first if need be.
   *
   * @param prepack whether to keep weights in the order in which products read them
   * @throws T2lError `bundle_graph_invalid` if ORT cannot load the graph
   */
  create(
    graph: Uint8Array,
    externalData: InferenceSession.SessionOptions['externalData'] & object,
    prepack: boolean,
  ): Promise<InferenceSession>;
}

/**
 * Arena and memory patterns keep freed activations for the next run, and prepacking keeps a second
 * copy of the weights in the order in which products read them. With one run an adapter that only
 * costs memory, of which an isolate has 128 MB in all; for a chunk, which is used once, also time.
 */
const WASM_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['wasm'],
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { disable_prepacking: '1' } },
};

/** The options of a session in WebAssembly. */
export function wasmOptions(prepack: boolean): InferenceSession.SessionOptions {
  return prepack
    ? { ...WASM_OPTIONS, extra: { session: { disable_prepacking: '0' } } }
    : WASM_OPTIONS;
}

/** The error for a graph that ORT does not load. */
export function graphRefused(cause: unknown): T2lError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new T2lError('bundle_graph_invalid', `The graph cannot be loaded: ${reason}`);
}
