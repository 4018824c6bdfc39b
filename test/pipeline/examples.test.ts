/**
 * The descriptions that people are shown work: their adapters, with the options that are shown, make
 * the base model answer right, on lists of the sizes and words of the
 * length that it was trained on.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { uniform } from '../../scripts/command.ts';
import { ROOT } from '../../scripts/environment.ts';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { REQUEST_EXAMPLES } from '../../src/api/docs/examples/requests.ts';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { ANOTHER_EXAMPLE, EXAMPLE } from '../../src/contract/examples.ts';
import { createAdapterSchema, inputOf } from '../../src/contract/requests/create-adapter.ts';
import { generateText, type Lm, loadLm } from '../../src/lm/index.ts';
import { produceRecipe } from '../../src/pipeline/produce-recipe.ts';
import { assetBundles, readAsset } from '../fixtures/assets.ts';
import { openDefaultBundle } from '../fixtures/default-bundle.ts';
import { SHOWN as OF_SMOLLM2 } from '../fixtures/smollm2.ts';

const TRUTH: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  [EXAMPLE]: (words) => words.toReversed(),
  [ANOTHER_EXAMPLE]: (words) => words.toSorted(),
};
const WORDS = (
  'bank boy bus car cat clay cow day dot egg fern flag gold hand hen ink jar kid lamp map milk nut ' +
  'pen salt tea tie tin toy tree web'
).split(' ');
const LISTS = 16;
const MOST_WRONG = 2;
const SHOWN = Object.values(REQUEST_EXAMPLES.CreateAdapter ?? {}) as Record<string, unknown>[];

let bundle: Bundle;
let lm: Lm;

beforeAll(async () => {
  bundle = await openDefaultBundle(assetBundles);
  lm = await loadLm((file) => readAsset(`base-models/t2l-mini-base/${file}`));
});

test.each([
  ...Object.keys(TRUTH).map((description) => ({ description })),
  ...SHOWN.map((body) => ({ ...body, hypernet: undefined })),
])('%o answers right', async (body) => {
  const { dtype, strength, ...rest } = createAdapterSchema.parse(body);
  const precision = rest.precision ?? bundle.manifest.precision;
  const recipe = { input: inputOf(rest), precision, dtype, strength };
  const produced = await produceRecipe(bundle, recipe, {});
  const weights = produced.files.find(({ name }) => name === WEIGHTS_FILE);
  const lora = unpackPeft(weights?.bytes as Uint8Array);
  const asked = lists();
  const answers = await generateText(lm, asked.map(promptOf), lora, { maxTokens: 40 });
  const solve = TRUTH[rest.description ?? ''] as (words: readonly string[]) => readonly string[];
  const wrong = answers.filter((answer, index) => {
    return answer.trim() !== solve(asked[index] as string[]).join(' ');
  });
  expect(wrong.length, wrong.join('; ')).toBeLessThanOrEqual(MOST_WRONG);
});

test('the pages show no description but these, and one for SmolLM2 that its own test runs', async () => {
  const pages = [
    'README.md',
    ...['using', 'api', 'serving', 'operations'].map((n) => `docs/${n}.md`),
  ];
  const texts = await Promise.all(pages.map((name) => readFile(join(ROOT, name), 'utf8')));
  const shown = [
    /"description": "([^"]+)"/g,
    /t2l (?:generate|run|id) "([A-Z][a-z][^"]+)"/g,
    /description: '([^']+)'/g,
    /generate_lora\(.*, "([^"]+)"/g,
  ].flatMap((pattern) =>
    texts.flatMap((text) => [...text.matchAll(pattern)].map(([, description]) => description)),
  );
  expect(shown.length).toBeGreaterThan(8);
  const others = [...new Set(shown)].filter((description = '') => !(description in TRUTH));
  expect(others).toEqual([OF_SMOLLM2.description]);
});

/** Lists of three or four different words. */
function lists(): string[][] {
  const next = uniform(5);
  return Array.from({ length: LISTS }, (_, index) => {
    const order = WORDS.map((word) => ({ word, place: next() }));
    order.sort((a, b) => a.place - b.place);
    return order.slice(0, 3 + (index % 2)).map(({ word }) => word);
  });
}

function promptOf(words: readonly string[]): string {
  return `${words.join(' ')} -> `;
}
