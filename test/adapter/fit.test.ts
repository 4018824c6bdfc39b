import { expect, test } from 'vitest';
import { judgeFit, parseFitTable } from '../../src/adapter/fit.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const ROWS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0.6, 0.8],
  [-1, 0, 0],
];
const { fit } = smallManifest();
const table = parseFitTable(fit, new Uint8Array(new Float16Array(ROWS.flat()).buffer));

test('the score is the highest cosine, whatever the length of the embedding', () => {
  for (const factor of [1, 100, 1e-3]) {
    const embedding = Float32Array.of(0, 0.8 * factor, 0.6 * factor);
    expect(judgeFit(table, embedding)).toEqual({
      score: 0.96,
      verdict: 'good',
      nearest: [
        { task: 'third', similarity: 0.96 },
        { task: 'second', similarity: 0.8 },
        { task: 'first', similarity: 0 },
      ],
    });
  }
});

test.each([
  [0.76, 'good'],
  [0.74, 'uncertain'],
  [0.51, 'uncertain'],
  [0.49, 'unfit'],
] as const)('a cosine of %f is %s', (cosine, verdict) => {
  // In the plane of the first axis and one orthogonal to every row.
  const embedding = Float32Array.of(
    cosine,
    -0.8 * Math.sqrt(1 - cosine ** 2),
    0.6 * Math.sqrt(1 - cosine ** 2),
  );
  expect(judgeFit(table, embedding)).toMatchObject({ score: cosine, verdict });
});

test('an embedding of zeros fits nothing', () => {
  expect(judgeFit(table, new Float32Array(3))).toMatchObject({ score: 0, verdict: 'unfit' });
});

test('a fit file of another size is refused', () => {
  expect(() => parseFitTable(fit, new Uint8Array(22))).toThrow(/22 bytes where 24/);
});
