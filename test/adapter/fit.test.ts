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
const table = parseFitTable(fit, bytes());

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

test('without a table nothing is known', () => {
  const nothing = { score: null, verdict: 'unknown', nearest: [] };
  expect(judgeFit(undefined, Float32Array.of(1, 0, 0))).toEqual(nothing);
});

test('a fit file of another size is refused', () => {
  expect(() => parseFitTable(fit, new Uint8Array(22))).toThrow(/22 bytes where 24/);
});

/** What the formula in Python (training/t2l/export/bundle/predictor.py) gives for `ROWS` and these numbers. */
const CALIBRATED = {
  ...fit,
  success: [0.9, 0.25, 0.5, 0.05],
  predictor: {
    temperature: 0.1,
    topic: { bias: -5, similarity: 9, direction: [0.5, -1, 0.25] },
    match: { bias: -2.5, success: 4.25, direction: [1.5, -0.5, 0.75] },
  },
};

test.each([
  [[1, 0, 0], 0.93363],
  [[0, 0.8, 0.6], 0.358669],
  [[3, 4, 0], 0.302951],
  [[0, -1, -0.5], 0.005935],
  [[0, 0, 0], 0.00223],
] as const)('with a predictor, the score of %j is %f as in Python', (embedding, expected) => {
  const calibrated = parseFitTable(CALIBRATED, bytes());
  const found = judgeFit(calibrated, Float32Array.from(embedding));
  expect(found.score).toBeCloseTo(expected, 4);
  expect(found.nearest).toEqual(judgeFit(table, Float32Array.from(embedding)).nearest);
});

test('with a predictor, the thresholds are those of the score', () => {
  const score = 0.358669;
  for (const [good, uncertain, verdict] of [
    [score - 0.001, 0.1, 'good'],
    [score + 0.001, score - 0.001, 'uncertain'],
    [0.9, score + 0.001, 'unfit'],
  ] as const) {
    const calibrated = parseFitTable({ ...CALIBRATED, thresholds: { good, uncertain } }, bytes());
    expect(judgeFit(calibrated, Float32Array.of(0, 0.8, 0.6)).verdict).toBe(verdict);
  }
});

test('a single training task is enough, and a low temperature does not overflow', () => {
  const one = parseFitTable(
    {
      ...CALIBRATED,
      tasks: ['first'],
      success: [0.9],
      predictor: { ...CALIBRATED.predictor, temperature: 1e-4 },
    },
    bytes([[1, 0, 0]]),
  );
  expect(judgeFit(one, Float32Array.of(1, 0, 0)).score).toBeCloseTo(0.93364, 4);
  expect(judgeFit(one, Float32Array.of(-1, 0, 0)).score).toBeCloseTo(0.0, 4);
});

function bytes(rows: readonly (readonly number[])[] = ROWS): Uint8Array {
  return new Uint8Array(new Float16Array(rows.flat()).buffer);
}
