/**
 * Sessions of ONNX Runtime: a graph is loaded, run with named tensors, and freed.
 *
 * An ORT session cannot be created or run twice at once, and all sessions share one heap: one
 * promise chain serialises every call, so callers cannot get it wrong. How ORT is started differs
 * between Node, workerd and browsers: `#ort-runtime` in package.json picks who knows.
 */

import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { ortRuntime } from '#ort-runtime';
import { type Device, graphRefused, type OrtRuntime } from './device.ts';
import { type SplitModel, splitModel } from './onnx-external.ts';

export { wasmMemoryBytes } from './memory.ts';

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

/** A file of weights, which ONNX calls external data. */
export interface WeightFile {
  readonly path: string;
  readonly data: Uint8Array;
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Loads a graph. The weights are copied into the WASM heap; the bytes may be dropped afterwards.
 *
 * @param model an ONNX model
 * @param device where it runs; only browsers have another one than `wasm`
 * @param beside files that hold weights of the model, by the names that it has for them
 * @param prepack whether to keep weights in the order in which products read them: for graphs that run
 *   again and again
 * @throws T2lError `bundle_graph_invalid` if ORT cannot load it
 */
export async function createSession(
  model: Uint8Array,
  device: Device = 'wasm',
  beside: readonly WeightFile[] = [],
  prepack = false,
): Promise<OrtSession> {
  // Outside the queue: under Node it reads a file, and the queue must hold no I/O.
  const runtime = await ortRuntime(device);
  return serialised(async () => {
    const { graph, location } = split(model);
    const session = await runtime.create(
      graph,
      [{ path: location, data: model }, ...beside],
      prepack,
    );
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
      run: (feeds) => serialised(() => run(runtime, session, feeds)),
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

function split(model: Uint8Array): SplitModel {
  try {
    return splitModel(model);
  } catch (cause) {
    throw graphRefused(cause);
  }
}

function serialised<T>(task: () => Promise<T>): Promise<T> {
  const result = queue.then(task);
  queue = result.catch(() => undefined);
  return result;
}

async function run(
  { Tensor }: OrtRuntime,
  session: InferenceSession,
  feeds: Record<string, OrtTensor>,
): Promise<Record<string, OrtTensor>> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(feeds)) {
    tensors[name] = new Tensor(type, data, dims);
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
