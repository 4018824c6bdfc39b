/** The base models as readers ask them: what can be asked, and that an adapter's weights change the answer. */
import { beforeAll, expect, test } from 'vitest';
import { uniform } from '../../scripts/command.ts';
import { arrowPrompt, BASE_MODELS, type BaseModel, openBaseModel } from '../../src/lm/index.ts';
import { loadLm } from '../../src/lm/model.ts';
import { readAsset } from '../fixtures/assets.ts';

const ID = 't2l-edge/t2l-mini-base';
const read = (file: string) => readAsset(`base-models/t2l-mini-base/${file}`);

let model: BaseModel;

beforeAll(async () => {
  model = await openBaseModel(ID, read);
});

test('the tiny base model ships, and another needs its file', async () => {
  expect(BASE_MODELS).toContain(ID);
  expect(model.id).toBe(ID);
  await expect(openBaseModel('them/theirs', read)).rejects.toThrow(/model\.gguf/);
});

test('an input becomes a prompt, and a prompt stays one', () => {
  for (const input of ['cat sun', ' cat sun ', 'cat sun ->', 'cat sun -> ']) {
    expect(arrowPrompt(input)).toBe('cat sun -> ');
  }
});

test.each([
  ['', /empty/],
  [' -> ', /empty/],
  ['cat\nsun', /one line/],
  ['x'.repeat(447), /has 447 characters; .* reads at most 446/],
])('%j cannot be asked', (input, problem) => {
  expect(model.problem(input)).toMatch(problem);
});

test('what can be asked has no problem, up to the longest input, which is answered', async () => {
  const longest = 'x'.repeat(446);
  expect(model.problem(longest)).toBeUndefined();
  expect(model.problem('cat sun map')).toBeUndefined();
  expect(await model.answer([longest])).toHaveLength(1);
});

test('characters without a token are named, each once', () => {
  expect(model.unread('süß ü 7 -> ')).toEqual(['ü', 'ß']);
  expect(model.unread('cat, Sun! 42')).toEqual([]);
});

test('inputs are answered in order, each the same alone, and otherwise with other weights', async () => {
  const inputs = ['cat sun map', 'pen tea', 'a 1 b'];
  const together = await model.answer(inputs);
  for (const [at, input] of inputs.entries()) {
    expect(await model.answer([input])).toEqual([together[at]]);
  }
  const { layers, modules } = await loadLm(read);
  const next = uniform(3);
  const some = (count: number) => Float32Array.from({ length: count }, () => next() - 0.5);
  const lora = new Map(
    modules.map(({ name, in: inner, out }) => [
      name,
      { A: some(layers * 4 * inner), B: some(layers * 4 * out) },
    ]),
  );
  expect(await model.answer(inputs, lora)).not.toEqual(together);
});
