/** The demo of the tiny base model: how it tells what came. */
import { expect, test } from 'vitest';
import { summary, taskBlock, type WordResult } from '../../scripts/demo/words-report.ts';

const RESULT: WordResult = {
  name: 'words/reverse',
  description: 'Turn the list around.',
  base: 0,
  adapted: 0.5,
  adapter: '0'.repeat(64),
  fit: 'good',
  questions: ['cat sun map', 'x'.repeat(250), 'never shown'].map((input, index) => ({
    prompt: `${input} -> `,
    answer: 'map sun cat',
    base: { text: '', right: false },
    adapted: { text: index === 0 ? 'map sun cat' : 'sun', right: index === 0 },
  })),
};

test('a task has its scores and two of its questions within 100 columns', () => {
  const lines = taskBlock({ ...RESULT, description: 'word '.repeat(60) }, 3, 12).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines[0]).toBe('3/12 words/reverse, fit good: 0.0% -> 50.0% of 3 right');
  expect(lines).toContain('  asked     cat sun map');
  expect(lines).toContain('  base    - (nothing)');
  expect(lines).toContain('  adapted + map sun cat');
  // What would have been right is shown only where the adapter was wrong.
  expect(lines.filter((line) => line.startsWith('  right'))).toEqual(['  right     map sun cat']);
  expect(lines.filter((line) => line.startsWith('  asked'))).toHaveLength(2);
});

test('it ends with the means by world, and what the training code got right', () => {
  const other = { ...RESULT, name: 'digits/sum', base: 0.5, adapted: 1 };
  const lines = summary([RESULT, other], { score: 0.625, samples: 3 }).split('\n');
  expect(lines.slice(1)).toEqual([
    'digits      1  50.0%   100.0%',
    'words       1   0.0%    50.0%',
    'mean        2  25.0%    75.0%',
    '',
    'Python, float32, on all 3 samples: 62.5%',
  ]);
  expect(summary([RESULT], undefined)).not.toContain('Python');
});
