/**
 * ONNX Runtime in a browser: the page's own onnxruntime-web, a peer dependency that is imported by
 * its bare name when the first graph is loaded, so that a bundler or an import map says where it is.
 *
 * There are two builds. The small one has WASM only. The large one, twice its size, has WebGPU too,
 * and is fetched only for that. What is to run in WASM beside it, the encoder, then runs there as well:
 * the two builds' WASM gives the same bits, which test/browser/webgpu.test.ts compares.
 */
import type * as Ort from 'onnxruntime-web/wasm';
import { T2lError } from '../contract/errors.ts';
import { type Device, graphRefused, type OrtRuntime, wasmOptions } from '../ort/device.ts';
import type { WasmPaths } from './options.ts';

/** Prepacking pays on a GPU: the weights move there once, while the graph is loaded. */
const WEBGPU_OPTIONS: Ort.InferenceSession.SessionOptions = {
  executionProviders: ['webgpu'],
  logSeverityLevel: 3,
};

type Build = 'small' | 'large';

const builds = new Map<Build, Promise<typeof Ort>>();
let paths: WasmPaths | undefined;
let threads = 1;

/** Says where ORT's files lie; a build that has started stays as it is. */
export function setWasmPaths(wasmPaths: WasmPaths | undefined): void {
  paths = wasmPaths ?? paths;
}

/**
 * Lets ORT compute on several threads, for programs that make no adapters: their bytes must not depend on
 * how many cores a machine has. A build that has started stays as it is.
 *
 * @param count 1 unless the page is isolated from others (`crossOriginIsolated`): elsewhere browsers share
 *   no memory between threads
 */
export function setThreads(count: number): void {
  threads = count;
}

/**
 * The runtime of a device.
 *
 * @throws T2lError `runtime_unavailable` if onnxruntime-web cannot be imported
 */
export async function ortRuntime(device: Device): Promise<OrtRuntime> {
  const only = builds.has('large') && !builds.has('small') ? 'large' : 'small';
  const ort = await loaded(device === 'webgpu' ? 'large' : only);
  return {
    Tensor: ort.Tensor,
    async create(graph, externalData, prepack) {
      const options = device === 'webgpu' ? WEBGPU_OPTIONS : wasmOptions(prepack);
      try {
        return await ort.InferenceSession.create(graph, { ...options, externalData });
      } catch (cause) {
        throw isStartFailure(cause) ? unavailable(cause) : graphRefused(cause);
      }
    },
  };
}

function loaded(build: Build): Promise<typeof Ort> {
  const known = builds.get(build);
  if (known !== undefined) {
    return known;
  }
  const loading = load(build);
  builds.set(build, loading);
  // A module that did not come may come at the next try.
  loading.catch(() => builds.delete(build));
  return loading;
}

async function load(build: Build): Promise<typeof Ort> {
  const ort = await imported(build);
  ort.env.wasm.numThreads = threads;
  if (paths !== undefined) {
    ort.env.wasm.wasmPaths = paths;
  }
  return ort;
}

async function imported(build: Build): Promise<typeof Ort> {
  try {
    return build === 'small'
      ? await import('onnxruntime-web/wasm')
      : await import('onnxruntime-web/webgpu');
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** What ORT says when its WASM did not start, whatever the graph. */
function isStartFailure(cause: unknown): boolean {
  return cause instanceof Error && cause.message.includes('no available backend found');
}

function unavailable(cause: unknown): T2lError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new T2lError(
    'runtime_unavailable',
    `ONNX Runtime cannot be started (${reason}); the page must find onnxruntime-web, by a bundler ` +
      'or an import map, and its .wasm file beside it or at wasmPaths.',
  );
}
