/**
 * How fast SmolLM2-135M-Instruct answers in ONNX Runtime's WebAssembly: on one thread, as `t2l run` runs
 * it, with and without an adapter of random weights in the shape of t2l-smollm2's; and in a browser, as the
 * page runs it, on several threads.
 */
import { readFile } from 'node:fs/promises';
import { type Llama, loadLlama } from '../../src/lm/llama/model.ts';
import {
  fetchGguf,
  GGUF_SOURCES,
  type GgufSource,
  OutOfReach,
} from '../../src/local/gguf-source.ts';
import { wasmMemoryBytes } from '../../src/ort/session.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import { median, uniform } from '../command.ts';
import { type BrowserSpeed, browserSpeedLine, measureInBrowser } from './language-model-browser.ts';
import { PROMPT_TOKENS, RANK, randomAdapter, timeReading } from './language-model-timing.ts';

const MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
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
  /** undefined where there is no Chromium. */
  readonly browser: BrowserSpeed | undefined;
}

/** Measures; undefined where the model's file cannot be fetched. */
export async function measureLanguageModel(): Promise<LanguageModelSpeed | undefined> {
  const path = await modelPath();
  if (path === undefined) {
    return undefined;
  }
  const bytes = new Uint8Array(await readFile(path));
  const began = performance.now();
  const llama = await loadLlama(bytes);
  const opened = performance.now() - began;
  // The first run allocates.
  await speedOf(llama, undefined);
  const base = await speedOf(llama, undefined);
  const adapted = await speedOf(llama, randomAdapter(llama, uniform(1)));
  const memory = wasmMemoryBytes();
  await llama.release();
  return {
    model: MODEL,
    open_ms: opened,
    prompt_ms: base.prompt,
    tokens_per_second: 1000 / base.token,
    adapted_tokens_per_second: 1000 / adapted.token,
    wasm_bytes: memory,
    browser: await measureInBrowser(path),
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
    `${(speed.open_ms / 1000).toFixed(1)} s, ${(speed.wasm_bytes / 1e6).toFixed(0)} MB` +
    (speed.browser === undefined ? '' : `\n${speed.model} ${browserSpeedLine(speed.browser)}`)
  );
}

async function modelPath(): Promise<string | undefined> {
  try {
    return await fetchGguf(GGUF_SOURCES.get(MODEL) as GgufSource);
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
  const { prompt, tokens } = await timeReading(llama, lora, TOKENS);
  return { prompt, token: median(tokens) };
}
