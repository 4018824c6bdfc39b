/**
 * How fast SmolLM2-135M-Instruct answers in ONNX Runtime's WebAssembly on one thread, as `t2l run` and the
 * page run it: reading a prompt, and then a token at a time, with and without an adapter of random
 * weights in the shape of t2l-smollm2's.
 */
import { readFile } from 'node:fs/promises';
import type { LoraWeights } from '../../src/hypernet/runtime.ts';
import { type Llama, loadLlama } from '../../src/lm/llama/model.ts';
import { sitesOf } from '../../src/lm/llama/sites.ts';
import {
  fetchGguf,
  GGUF_SOURCES,
  type GgufSource,
  OutOfReach,
} from '../../src/local/gguf-source.ts';
import { wasmMemoryBytes } from '../../src/ort/session.ts';
import { median, uniform } from '../command.ts';

const MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const TARGETS = ['q_proj', 'v_proj', 'o_proj', 'down_proj'];
const RANK = 8;
const PROMPT_TOKENS = 32;
const TOKENS = 32;

/** What was measured. */
export interface LanguageModelSpeed {
  readonly model: string;
  /** From the bytes of the file to a model that answers. */
  readonly open_ms: number;
  /** Reading a prompt of 32 tokens. */
  readonly prompt_ms: number;
  /** From the median time of a token. */
  readonly tokens_per_second: number;
  readonly adapted_tokens_per_second: number;
  readonly wasm_bytes: number;
}

/** Measures; undefined where the model's file cannot be fetched. */
export async function measureLanguageModel(): Promise<LanguageModelSpeed | undefined> {
  const bytes = await readModel();
  if (bytes === undefined) {
    return undefined;
  }
  const began = performance.now();
  const llama = await loadLlama(bytes);
  const opened = performance.now() - began;
  // The first run allocates.
  await speedOf(llama, undefined);
  const base = await speedOf(llama, undefined);
  const adapted = await speedOf(llama, randomAdapter(llama));
  const memory = wasmMemoryBytes();
  await llama.release();
  return {
    model: MODEL,
    open_ms: opened,
    prompt_ms: base.prompt,
    tokens_per_second: 1000 / base.token,
    adapted_tokens_per_second: 1000 / adapted.token,
    wasm_bytes: memory,
  };
}

/** In a line. */
export function languageModelLine(speed: LanguageModelSpeed | undefined): string {
  if (speed === undefined) {
    return `${MODEL}: not measured, because its file cannot be fetched here`;
  }
  return (
    `${speed.model}: ${speed.tokens_per_second.toFixed(1)} tokens/s in WASM, ` +
    `${speed.adapted_tokens_per_second.toFixed(1)} with an adapter of rank ${RANK}, float32, one thread; ` +
    `${PROMPT_TOKENS} tokens read in ${speed.prompt_ms.toFixed(0)} ms, opened in ` +
    `${(speed.open_ms / 1000).toFixed(1)} s, ${(speed.wasm_bytes / 1e6).toFixed(0)} MB`
  );
}

async function readModel(): Promise<Uint8Array | undefined> {
  try {
    const path = await fetchGguf(GGUF_SOURCES.get(MODEL) as GgufSource);
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof OutOfReach) {
      return undefined;
    }
    throw error;
  }
}

/** Milliseconds of a prompt, and the median of a token after it. */
async function speedOf(
  llama: Llama,
  lora: LoraWeights | undefined,
): Promise<{ readonly prompt: number; readonly token: number }> {
  const ids = Array.from({ length: PROMPT_TOKENS }, (_, at) => 1000 + 37 * at);
  const reading = llama.begin(lora);
  const prompt = await timed(() => reading.read(ids));
  const times: number[] = [];
  for (let at = 0; at < TOKENS; at++) {
    times.push(await timed(() => reading.read([2000 + at])));
  }
  return { prompt, token: median(times) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function randomAdapter({ config }: Llama): LoraWeights {
  const next = uniform(1);
  const values = (count: number) =>
    Float32Array.from({ length: count }, () => (next() - 0.5) / 100);
  return new Map(
    sitesOf(config).flatMap((site) =>
      site.modules
        .filter(({ name }) => TARGETS.includes(name))
        .map(({ name, out }) => [
          name,
          {
            A: values(config.layers * RANK * site.in),
            B: values(config.layers * out * RANK),
          },
        ]),
    ),
  );
}
