/**
 * Timing a language model, in Node or in a browser's worker alike: reading a prompt, and then a token at a
 * time, perhaps with an adapter of random weights in the shape of t2l-smollm2's.
 */

import type { Llama } from '../../src/lm/llama/model.ts';
import { sitesOf } from '../../src/lm/llama/sites.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';

export const RANK = 8;
export const PROMPT_TOKENS = 32;
const TARGETS = ['q_proj', 'v_proj', 'o_proj', 'down_proj'];

/** Milliseconds of a prompt, and of each token after it. */
export interface Timing {
  readonly prompt: number;
  readonly tokens: readonly number[];
}

/** Reads a prompt and so many tokens more. */
export async function timeReading(
  llama: Llama,
  lora: LoraWeights | undefined,
  tokens: number,
): Promise<Timing> {
  const ids = Array.from({ length: PROMPT_TOKENS }, (_, at) => 1000 + 37 * at);
  const reading = llama.begin(lora);
  const prompt = await timed(() => reading.read(ids));
  const times: number[] = [];
  for (let at = 0; at < tokens; at++) {
    times.push(await timed(() => reading.read([2000 + at])));
  }
  return { prompt, tokens: times };
}

/** @param next gives numbers from 0 to 1 */
export function randomAdapter({ config }: Llama, next: () => number): LoraWeights {
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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
