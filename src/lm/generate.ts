/**
 * Greedy generation with the tiny base model, many prompts at a time.
 *
 * Prompts are padded on the left, so that every row's next token is at the same place; positions
 * count only real tokens, and the mask hides the padding for good. After the first pass only the new
 * token of each row goes in, with the keys and values of everything before it.
 */

import type { OrtTensor } from '../ort/session.ts';
import type { LoraWeights } from '../output/lora-weights.ts';
import type { Lm } from './model.ts';

/** How far and with how many prompts at a time to generate. */
export interface GenerateOptions {
  readonly maxTokens: number;
  /** Prompts per pass; the cache of one pass lies in memory twice. */
  readonly batch?: number | undefined;
}

/** An answer ends where its line ends. */
const END_OF_ANSWER = '\n';
const DEFAULT_BATCH = 32;

/**
 * The answers of the model to prompts, up to the end of the line.
 *
 * @param lora an adapter's weights as the hypernetwork or `unpackPeft` gives them; none by default
 */
export async function generateText(
  lm: Lm,
  prompts: readonly string[],
  lora: LoraWeights | undefined,
  { maxTokens, batch = DEFAULT_BATCH }: GenerateOptions,
): Promise<string[]> {
  const weights = loraFeeds(lm, lora);
  const answers: string[] = [];
  for (let start = 0; start < prompts.length; start += batch) {
    const rows = prompts.slice(start, start + batch).map((prompt) => encodePrompt(lm, prompt));
    for (const ids of await generateIds(lm, rows, weights, maxTokens)) {
      answers.push(lm.tokenizer.decode(ids, { skip_special_tokens: true }));
    }
  }
  return answers;
}

/** Token ids of a prompt, beginning with `<bos>`. */
export function encodePrompt(lm: Lm, prompt: string): number[] {
  // The library gives null for what a word-level vocabulary lacks.
  const ids: (number | null | undefined)[] = lm.tokenizer.encode(prompt).ids;
  return ids.map((id) => id ?? lm.unknownId);
}

/** The graph's LoRA inputs: an adapter's weights, or rank-one zeros. */
export function loraFeeds(lm: Lm, lora: LoraWeights | undefined): Record<string, OrtTensor> {
  const feeds: Record<string, OrtTensor> = {};
  for (const { name, in: inner, out } of lm.modules) {
    const pair = lora?.get(name);
    const A = pair?.A ?? new Float32Array(lm.layers * inner);
    const B = pair?.B ?? new Float32Array(lm.layers * out);
    const rank = A.length / (lm.layers * inner);
    if (!Number.isInteger(rank) || B.length !== lm.layers * out * rank) {
      throw new Error(`the adapter's ${name} does not fit the base model`);
    }
    feeds[`${name}.A`] = { type: 'float32', data: A, dims: [lm.layers, rank, inner] };
    feeds[`${name}.B`] = { type: 'float32', data: B, dims: [lm.layers, out, rank] };
  }
  for (const name of lora?.keys() ?? []) {
    if (!lm.modules.some((module) => module.name === name)) {
      throw new Error(`the base model takes no adapter for ${name}`);
    }
  }
  return feeds;
}

/** Logits [rows, length, vocabulary] of prompts of one pass, padded on the left, and the cache after it. */
export async function prefill(
  lm: Lm,
  rows: readonly (readonly number[])[],
  weights: Record<string, OrtTensor>,
): Promise<{ logits: Float32Array; length: number; key: OrtTensor; value: OrtTensor }> {
  const length = Math.max(...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(lm.padId));
  const mask = new BigInt64Array(rows.length * length);
  const positions = new BigInt64Array(rows.length * length);
  rows.forEach((row, index) => {
    const padding = length - row.length;
    row.forEach((id, position) => {
      const at = index * length + padding + position;
      ids[at] = BigInt(id);
      mask[at] = 1n;
      positions[at] = BigInt(position);
    });
  });
  const empty = {
    type: 'float32',
    data: new Float32Array(0),
    dims: [lm.layers, rows.length, lm.heads, 0, lm.headDim],
  } as const;
  const shape = [rows.length, length];
  const outputs = await lm.session.run({
    ...weights,
    input_ids: { type: 'int64', data: ids, dims: shape },
    attention_mask: { type: 'int64', data: mask, dims: shape },
    position_ids: { type: 'int64', data: positions, dims: shape },
    past_key: empty,
    past_value: empty,
  });
  return { length, ...cacheOf(outputs) };
}

async function generateIds(
  lm: Lm,
  rows: readonly (readonly number[])[],
  weights: Record<string, OrtTensor>,
  maxTokens: number,
): Promise<number[][]> {
  const end = lm.tokenizer.token_to_id(END_OF_ANSWER);
  const answers: number[][] = rows.map(() => []);
  const open = new Set(rows.keys());
  const first = await prefill(lm, rows, weights);
  let { logits, key, value } = first;
  let perRow = first.length;
  for (let step = 0; ; step++) {
    const next = rows.map((_row, index) =>
      argmax(logits, ((index + 1) * perRow - 1) * lm.vocabulary, lm.vocabulary),
    );
    for (const index of [...open]) {
      const id = next[index] as number;
      if (id === end || id === lm.eosId) {
        open.delete(index);
      } else {
        answers[index]?.push(id);
      }
    }
    if (open.size === 0 || step + 1 >= maxTokens) {
      return answers;
    }
    const outputs = await lm.session.run({
      ...weights,
      input_ids: { type: 'int64', data: BigInt64Array.from(next, BigInt), dims: [rows.length, 1] },
      attention_mask: maskAfter(rows, first.length, step + 1),
      position_ids: {
        type: 'int64',
        data: BigInt64Array.from(rows, (row) => BigInt(row.length + step)),
        dims: [rows.length, 1],
      },
      past_key: key,
      past_value: value,
    });
    ({ logits, key, value } = cacheOf(outputs));
    perRow = 1;
  }
}

/** Padding stays hidden; everything after it, the tokens of `steps` passes included, is seen. */
function maskAfter(rows: readonly (readonly number[])[], length: number, steps: number): OrtTensor {
  const width = length + steps;
  const data = new BigInt64Array(rows.length * width).fill(1n);
  rows.forEach((row, index) => {
    data.fill(0n, index * width, index * width + length - row.length);
  });
  return { type: 'int64', data, dims: [rows.length, width] };
}

function cacheOf(outputs: Record<string, OrtTensor>): {
  logits: Float32Array;
  key: OrtTensor;
  value: OrtTensor;
} {
  const { logits, present_key: key, present_value: value } = outputs;
  if (logits?.type !== 'float32' || key === undefined || value === undefined) {
    throw new Error('lm.onnx must give float32 logits, present_key and present_value');
  }
  return { logits: logits.data, key, value };
}

function argmax(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    if ((values[start + i] as number) > (values[start + best] as number)) {
      best = i;
    }
  }
  return best;
}
