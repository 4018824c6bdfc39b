import { beforeAll, expect, test } from 'vitest';
import { uniform } from '../../scripts/command.ts';
import { relativeError } from '../../scripts/release/compare.ts';
import { encodePrompt, generateText, loraFeeds, prefill } from '../../src/lm/generate.ts';
import { type Lm, loadLm } from '../../src/lm/model.ts';
import type { OrtTensor } from '../../src/ort/session.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import { readAsset } from '../fixtures/assets.ts';

const PROMPTS = ['a -> ', 'green apple cart -> ', 'x1 y2 -> ', '7 12 9 30 4 -> '];
const MAX_TOKENS = 12;
/** Two orders of the same float32 sums. */
const TOLERANCE = 1e-4;

let lm: Lm;
let adapter: LoraWeights;

beforeAll(async () => {
  lm = await loadLm((file) => readAsset(`base-models/t2l-mini-base/${file}`));
  const next = uniform(11);
  const values = (count: number) => Float32Array.from({ length: count }, () => next() - 0.5);
  const rank = 4;
  adapter = new Map(
    lm.modules.map(({ name, in: inner, out }) => [
      name,
      { A: values(lm.layers * rank * inner), B: values(lm.layers * out * rank) },
    ]),
  );
});

/** Logits of the last position of every row. */
async function lastLogits(
  rows: readonly (readonly number[])[],
  weights: Record<string, OrtTensor>,
): Promise<Float32Array[]> {
  const { logits, length } = await prefill(lm, rows, weights);
  return rows.map((_row, index) => {
    const end = (index + 1) * length * lm.vocabulary;
    return logits.slice(end - lm.vocabulary, end);
  });
}

/** Greedy answers without padding and without a cache: every token is a whole new pass. */
async function reference(prompt: string, weights: Record<string, OrtTensor>): Promise<number[]> {
  const ids = encodePrompt(lm, prompt);
  const answer: number[] = [];
  const end = lm.tokenizer.token_to_id('\n');
  while (answer.length < MAX_TOKENS) {
    const [logits = new Float32Array()] = await lastLogits([[...ids, ...answer]], weights);
    const best = logits.indexOf(Math.max(...logits));
    if (best === end || best === lm.eosId) {
      break;
    }
    answer.push(best);
  }
  return answer;
}

test('a prompt begins with <bos>, the arrow is one token, and unknown characters are "?"', () => {
  const ids = encodePrompt(lm, 'a~ -> ');
  expect(ids.map((id) => lm.tokenizer.id_to_token(id))).toEqual(['<bos>', 'a', '?', ' -> ']);
});

test.each([
  ['no adapter', () => undefined],
  ['an adapter', () => adapter],
])(
  'batched generation with a cache equals one prompt and one pass at a time: %s',
  async (_case, lora) => {
    const weights = loraFeeds(lm, lora());
    const expected: string[] = [];
    for (const prompt of PROMPTS) {
      const ids = await reference(prompt, weights);
      expected.push(lm.tokenizer.decode(ids, { skip_special_tokens: true }));
    }
    expect(await generateText(lm, PROMPTS, lora(), { maxTokens: MAX_TOKENS })).toEqual(expected);
    // Batches of another size, and so other padding, change nothing.
    expect(await generateText(lm, PROMPTS, lora(), { maxTokens: MAX_TOKENS, batch: 3 })).toEqual(
      expected,
    );
  },
);

test('left padding does not change the logits', async () => {
  const rows = PROMPTS.map((prompt) => encodePrompt(lm, prompt));
  const weights = loraFeeds(lm, adapter);
  const together = await lastLogits(rows, weights);
  for (const [index, row] of rows.entries()) {
    const [alone = new Float32Array()] = await lastLogits([row], weights);
    expect(relativeError(together[index] as Float32Array, alone)).toBeLessThan(TOLERANCE);
  }
});

test('an adapter of zeros is no adapter, and one of numbers changes the logits', async () => {
  const rows = [encodePrompt(lm, PROMPTS[1] as string)];
  const zeros = new Map([...adapter].map(([name, { A, B }]) => [name, { A, B: B.map(() => 0) }]));
  const [none = new Float32Array()] = await lastLogits(rows, loraFeeds(lm, undefined));
  const [zero = new Float32Array()] = await lastLogits(rows, loraFeeds(lm, zeros));
  const [some = new Float32Array()] = await lastLogits(rows, loraFeeds(lm, adapter));
  expect(zero).toEqual(none);
  expect(relativeError(some, none)).toBeGreaterThan(0.01);
});

test('an adapter for another model is refused', () => {
  const [[name, pair]] = [...adapter] as [[string, { A: Float32Array; B: Float32Array }]];
  expect(() => loraFeeds(lm, new Map([[name, { ...pair, A: pair.A.subarray(1) }]]))).toThrow(
    /does not fit/,
  );
  expect(() => loraFeeds(lm, new Map([['k_proj_2', pair]]))).toThrow(/takes no adapter/);
});
