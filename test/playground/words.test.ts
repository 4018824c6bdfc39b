/** What the page writes, without a browser. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { curlLine } from '../../src/playground/curl.ts';
import { failureOf } from '../../src/playground/failure.ts';
import { hashOf, idsOf } from '../../src/playground/place.ts';
import { recipesOf } from '../../src/playground/recipes.ts';
import { durationText, parseStages } from '../../src/playground/stages.ts';
import { sentenceOf } from '../../src/playground/tasks.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';

const ID = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

test('an address names one adapter or two, also by the first digits, and nothing else', () => {
  expect(idsOf(hashOf([ID, OTHER]))).toEqual([ID, OTHER]);
  expect(idsOf(hashOf([ID, undefined]))).toEqual([ID]);
  expect(idsOf(`#${ID.slice(0, 12).toUpperCase()}`)).toEqual([ID.slice(0, 12)]);
  expect(idsOf('#keep')).toEqual([]);
  expect(idsOf('')).toEqual([]);
});

test('the stages are those of the header, in its order', () => {
  const stages = parseStages('lookup;dur=1.2, run;dur=1834.0, novel;dur=3, damaged');
  expect(stages.map(({ words, milliseconds }) => `${words} ${durationText(milliseconds)}`)).toEqual(
    ['look up 1 ms', 'run the hypernetwork 1.8 s', 'novel 3 ms'],
  );
  expect(parseStages(null)).toEqual([]);
});

test('a training task without a map becomes a sentence of its steps', () => {
  expect(sentenceOf('words/sort_descending+join:-')).toBe('Words: sort descending, then join -.');
  expect(sentenceOf('sentiment')).toBe('Sentiment.');
});

test('the curl line survives a shell, whatever the description holds', () => {
  const description = `Don't $(echo) "quote" \\ \`it\`!`;
  const document = {
    description,
    strength: 0.5,
    dtype: 'float16',
    hypernet: { name: 't2l-mini', version: '1.0.0', digest: ID },
  } as AdapterDocument;
  const line = curlLine('http://localhost:1', document) ?? '';
  const body = execFileSync('sh', ['-c', line.replace(/^curl .* -d /, 'printf %s ')]);
  expect(JSON.parse(body.toString())).toEqual({
    description,
    hypernet: 't2l-mini@1.0.0',
    strength: 0.5,
  });
  expect(curlLine('http://localhost:1', { ...document, description: null })).toBeUndefined();
});

test("recipes are the card's blocks under headings, with the endpoint filled in", () => {
  const card = [
    '---',
    'license: x',
    '---',
    '```',
    'not under a heading',
    '```',
    '### One',
    '',
    '```sh',
    '### not a heading',
    'curl https://your-endpoint/a',
    '```',
    '## Next',
    '```',
    'not a recipe',
    '```',
  ].join('\n');
  expect(recipesOf(card, 'http://here')).toEqual([
    { title: 'One', code: '### not a heading\ncurl http://here/a' },
  ]);
});

test.each([
  [new T2lError('endpoint_unreachable', 'x'), true, 'The endpoint does not answer'],
  [new T2lError('endpoint_unreachable', 'x'), false, 'You are offline'],
  [new T2lError('description_empty', 'x'), true, 'The description is empty'],
  [
    new T2lError('answer_html', 'x', { extra: { answered: 401 } }),
    true,
    'The endpoint does not let',
  ],
  [new T2lError('novel' as 'internal_error', 'x', { status: 418 }), true, 'The endpoint refused'],
  [new Error('x'), true, 'Something in this page failed'],
])('%s (online: %s) is "%s"', (error, online, title) => {
  expect(failureOf(error, online).title).toContain(title);
});

test('whoever must wait is told how long', () => {
  const extra = { retry_after_ms: 1500 };
  const { detail, again } = failureOf(new T2lError('rate_limited', 'Wait.', { extra }), true);
  expect([detail, again]).toEqual(['Wait. Try again in 2 s.', true]);
});
