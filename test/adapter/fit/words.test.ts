import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../scripts/environment.ts';
import { strengthReason } from '../../../src/adapter/fit/reason.ts';
import { reasonText, VERDICT_WORDS, verdictText } from '../../../src/adapter/fit/words.ts';

test('a verdict says what to do, and leaves it to the reason to say why', () => {
  const words = (['good', 'uncertain', 'unfit'] as const).map((verdict) =>
    verdictText({ verdict, reason: null }),
  );
  expect(words).toEqual([
    expect.stringMatching(/^expect the adapter to work/),
    expect.stringMatching(/may or may not work: test it/),
    'do not expect the adapter to work',
  ]);
});

test('a fit is unknown for want of training tasks, or because a strength was not measured', () => {
  expect(verdictText({ verdict: 'unknown', reason: null })).toContain('what it was trained on');
  const reason = strengthReason(2, undefined);
  expect(verdictText({ verdict: 'unknown', reason })).not.toContain('trained on');
});

test('the page for users has the same words', async () => {
  const page = await readFile(join(ROOT, 'docs/using.md'), 'utf8');
  const [name, task] = ['t2l-mini', 'words/sort'];
  for (const [verdict, words] of Object.entries(VERDICT_WORDS)) {
    expect(page).toContain(`| \`${verdict}\` | ${words} |`);
  }
  for (const told of [
    { code: 'far', name },
    { code: 'missing_step', task, step: 'join:-' },
    { code: 'weak', task, name, success: 0.14 },
    { code: 'strength', strength: 8, factor: 0.03 },
  ] as const) {
    expect(page).toContain(`| \`${told.code}\` | ${reasonText(told)} |`);
  }
});
