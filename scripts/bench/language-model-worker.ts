/**
 * The worker of a page that is isolated from others, as the playground's is: it opens a language model in
 * ONNX Runtime with so many threads, and reads when it is told to. `language-model-browser.ts` builds it,
 * serves it, and calls what it puts into its global object.
 */
import { setThreads, setWasmPaths } from '../../src/browser/ort-runtime.ts';
import { type Llama, loadLlama } from '../../src/lm/llama/model.ts';
import { type Timing, timeReading } from './language-model-timing.ts';

/** What is called from outside. */
export interface WorkerBench {
  /** Gives the milliseconds from the bytes of the file to a model that answers. */
  open(origin: string, threads: number): Promise<number>;
  time(tokens: number): Promise<Timing>;
}

let llama: Llama | undefined;

const bench: WorkerBench = {
  async open(origin, threads) {
    setThreads(threads);
    const file = `${origin}/ort/ort-wasm-simd-threaded`;
    setWasmPaths({ mjs: `${file}.mjs`, wasm: `${file}.wasm` });
    const bytes = new Uint8Array(await (await fetch(`${origin}/model.gguf`)).arrayBuffer());
    const began = performance.now();
    llama = await loadLlama(bytes);
    return performance.now() - began;
  },
  async time(tokens) {
    if (llama === undefined) {
      throw new Error('open comes before time');
    }
    return timeReading(llama, undefined, tokens);
  },
};

Object.assign(globalThis, { bench });
