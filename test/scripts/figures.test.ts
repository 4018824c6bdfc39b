/** The gate of a release: which figures pass beside those of the active version. */
import { expect, test } from 'vitest';
import { compareFigures, requireFigures } from '../../scripts/release/figures.ts';
import { miniBundle } from '../bundles.ts';

function figures(matched: unknown, split = 'report'): Record<string, unknown> {
  return { [split]: { conditions: { matched: { exact_match: matched } }, tasks: 9 } };
}

test.each<[string, number, unknown, boolean]>([
  ['the same', 0.72, 0.72, true],
  ['a better one', 0.72, 0.8, true],
  ['two points fewer', 0.72, 0.7, true],
  ['more than two points fewer', 0.72, 0.699, false],
  ['a tenth fewer of few', 0.1, 0.09, true],
  ['more than a tenth fewer of few', 0.1, 0.0899, false],
  ['as little as nothing', 0, 0, true],
  ['next to nothing', 0.72, 0.001, false],
  ['no figure', 0.72, undefined, false],
  ['a text', 0.72, '0.9', false],
  ['more than everything', 0.72, 72, false],
])('%s: %s -> %s', (_name, before, after, kept) => {
  expect(compareFigures(figures(before), figures(after))).toMatchObject([{ kept }]);
});

test('every split of the active version is compared, also as the int8 graph computes', async () => {
  const { evaluation } = (await miniBundle()).manifest;
  const all = compareFigures(evaluation, evaluation);
  expect(all.every(({ kept }) => kept)).toBe(true);
  expect(all.map(({ split, condition }) => `${split} ${condition}`)).toEqual([
    'left_out matched',
    'left_out int8',
    'report matched',
    'report int8',
    'seen matched',
    'seen int8',
  ]);
});

test('a bundle without figures is worse than any that has them, and the other way round is none', () => {
  const active = { version: '1.0.0', evaluation: figures(0.72) };
  for (const evaluation of [{}, { report: {} }, { report: null }, figures(0.72, 'seen')]) {
    expect(() => requireFigures({ version: '1.1.0', evaluation }, active, false)).toThrow(
      'figures_regressed: 1.1.0 was measured worse than 1.0.0, which is active: ' +
        'report matched 0.720 -> not measured. Exact match may lose 0.02 and a tenth of itself ' +
        'at most; to release it all the same, say --force --reason "why".',
    );
  }
  const line = requireFigures(active, { version: '1.1.0', evaluation: {} }, false);
  expect(line).toBe('figures: 1.1.0 has none to compare with');
});

test('who forces it is told what is forced', () => {
  const active = { version: '1.0.0', evaluation: figures(0.72) };
  const worse = { version: '1.1.0', evaluation: figures(0.001) };
  expect(requireFigures(worse, active, true)).toBe(
    'figures: worse than 1.0.0, forced: report matched 0.720 -> 0.001',
  );
});
