/** A Llama from its GGUF file, compared with transformers on the same dequantised weights. */
import { beforeAll, expect, test } from 'vitest';
import { openChatModel } from '../../src/lm/chat.ts';
import { type Llama, loadLlama } from '../../src/lm/llama/model.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import {
  type TinyLlama,
  tinyLlama,
  tinyLlamaAdapter,
  tinyLlamaGguf,
} from '../fixtures/tiny-llama.ts';

/** Of logits of up to 20: two orders of the same float32 sums. */
const TOLERANCE = 1e-4;

let wanted: TinyLlama;
let llama: Llama;
let adapter: LoraWeights;

beforeAll(async () => {
  wanted = await tinyLlama();
  adapter = await tinyLlamaAdapter();
  llama = await loadLlama(await tinyLlamaGguf());
});

function largestDifference(found: Float32Array, right: readonly number[]): number {
  expect(found.length).toBe(right.length);
  return Math.max(...right.map((value, at) => Math.abs(value - (found[at] as number))));
}

test('texts become the tokens that transformers makes of them', () => {
  for (const { text, ids } of wanted.texts) {
    const found = llama.tokens.tokenizer.encode(text, { add_special_tokens: false }).ids;
    expect([text, found]).toEqual([text, ids]);
  }
});

test.each(['base', 'adapted'] as const)('logits are those of transformers: %s', async (kind) => {
  const [{ ids }] = wanted.inputs as [TinyLlama['inputs'][number]];
  const last = [ids.length - 3, ids.length - 2, ids.length - 1];
  const found = await llama.begin(kind === 'base' ? undefined : adapter).read(ids, last);
  const right = wanted[kind].logits.flat();
  expect(largestDifference(found, right)).toBeLessThan(TOLERANCE);
});

test('with a cache, token by token or some at a time, the logits are those of one pass', async () => {
  const [{ ids }] = wanted.inputs as [TinyLlama['inputs'][number]];
  const all = [...ids.keys()];
  const whole = await llama.begin(adapter).read(ids, all);
  for (const step of [1, 5]) {
    const reading = llama.begin(adapter);
    for (let start = 0; start < ids.length; start += step) {
      const part = ids.slice(start, start + step);
      const found = await reading.read(part, [...part.keys()]);
      const { vocabulary } = llama.config;
      const right = whole.slice(start * vocabulary, (start + part.length) * vocabulary);
      expect(largestDifference(found, [...right])).toBeLessThan(TOLERANCE);
    }
  }
});

test('answers are those of transformers, in the template with an empty system message', async () => {
  const model = await openChatModel('a/tiny', tinyLlamaGguf);
  const { tokenizer } = llama.tokens;
  const inputs = wanted.inputs.map(({ input }) => input);
  for (const [kind, lora] of [
    ['base', undefined],
    ['adapted', adapter],
  ] as const) {
    const told: string[] = [];
    const answers = await model.answer(inputs, lora, (index, text) => {
      told[index] = text;
    });
    for (const [index, ids] of wanted[kind].answers.entries()) {
      const right = tokenizer.decode([...ids], { skip_special_tokens: true }).trim();
      // The reference may stop inside a character.
      expect(answers[index]?.slice(0, right.length)).toContain(right.replace(/\uFFFD+$/, ''));
      expect(answers[index]).toContain(told[index]);
    }
  }
  expect(wanted.base.answers).not.toEqual(wanted.adapted.answers);
  await model.release();
});

test('what cannot be asked is said', async () => {
  const model = await openChatModel('a/tiny', tinyLlamaGguf);
  expect(model.problem(' ')).toMatch(/empty/);
  expect(model.problem('word '.repeat(500))).toMatch(/have \d+ tokens; a\/tiny reads at most 384/);
  expect(model.problem('日本\n🙂')).toBeUndefined();
  await model.release();
});

test('an adapter for another model is refused', () => {
  const [[name, { A, B }]] = [...adapter] as [[string, { A: Float32Array; B: Float32Array }]];
  const smaller = new Map([[name, { A: A.subarray(1), B }]]);
  expect(() => llama.begin(smaller)).toThrow(/does not fit/);
  expect(() => llama.begin(new Map([['lm_head', { A, B }]]))).toThrow(/takes no adapter/);
});
