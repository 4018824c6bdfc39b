import { expect, test } from 'vitest';
import { type FitTable, parseFitTable } from '../../src/adapter/fit/table.ts';
import { type Fit, judgeFit } from '../../src/adapter/fit.ts';
import type { FitSpec } from '../../src/bundle/fit-spec.ts';
import { FITS, fitNamed } from '../fixtures/fit-vectors.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const ROWS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0.6, 0.8],
  [-1, 0, 0],
];
const { fit, target } = smallManifest();
const table = parsed(fit);

/** A table of a bundle of before, whose fit file has the tasks alone. */
function parsed(spec: FitSpec, file = bytes()): FitTable {
  return parseFitTable({ fit: spec, target }, file);
}

/** The fit of a description by such a table: its adapter is not looked at. */
function judged(of: FitTable | undefined, embedding: Float32Array, strength = 1): Fit {
  return judgeFit(of, { embedding, weights: new Map(), strength, name: 'small' });
}

test('the score is the highest cosine, whatever the length of the embedding', () => {
  for (const factor of [1, 100, 1e-3]) {
    const embedding = Float32Array.of(0, 0.8 * factor, 0.6 * factor);
    expect(judged(table, embedding)).toEqual({
      score: 0.96,
      verdict: 'good',
      reason: null,
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
  expect(judged(table, embedding)).toMatchObject({ score: cosine, verdict });
});

test('an embedding of zeros fits nothing', () => {
  expect(judged(table, new Float32Array(3))).toMatchObject({ score: 0, verdict: 'unfit' });
});

test('without a table nothing is known', () => {
  const nothing = { score: null, verdict: 'unknown', reason: null, nearest: [] };
  expect(judged(undefined, Float32Array.of(1, 0, 0))).toEqual(nothing);
});

/** What the formula of bundles of before gave in Python for `ROWS` and these numbers. */
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
  const calibrated = parsed(CALIBRATED);
  const found = judged(calibrated, Float32Array.from(embedding));
  expect(found.score).toBeCloseTo(expected, 4);
  expect(found.nearest).toEqual(judged(table, Float32Array.from(embedding)).nearest);
});

test('with a predictor, the thresholds are those of the score', () => {
  const score = 0.358669;
  for (const [good, uncertain, verdict] of [
    [score - 0.001, 0.1, 'good'],
    [score + 0.001, score - 0.001, 'uncertain'],
    [0.9, score + 0.001, 'unfit'],
  ] as const) {
    const calibrated = parsed({ ...CALIBRATED, thresholds: { good, uncertain } });
    expect(judged(calibrated, Float32Array.of(0, 0.8, 0.6)).verdict).toBe(verdict);
  }
});

test('a single training task is enough, and a low temperature does not overflow', () => {
  const one = parsed(
    {
      ...CALIBRATED,
      tasks: ['first'],
      success: [0.9],
      predictor: { ...CALIBRATED.predictor, temperature: 1e-4 },
    },
    bytes([[1, 0, 0]]),
  );
  expect(judged(one, Float32Array.of(1, 0, 0)).score).toBeCloseTo(0.93364, 4);
  expect(judged(one, Float32Array.of(-1, 0, 0)).score).toBeCloseTo(0.0, 4);
});

test('without measured strengths, nothing is known at another one than 1', () => {
  for (const old of [table, parsed(CALIBRATED)]) {
    const embedding = Float32Array.of(0, 0.8, 0.6);
    expect(judged(old, embedding, 8)).toEqual({
      score: null,
      verdict: 'unknown',
      reason: {
        code: 'strength',
        task: null,
        step: null,
        success: null,
        text: 'measured at strength 1 only; this adapter has 8',
      },
      nearest: judged(old, embedding).nearest,
    });
    expect(judged(old, embedding).reason).toBeNull();
  }
  expect(judged(undefined, Float32Array.of(1, 0, 0), 8).reason).toBeNull();
});

test.each(
  FITS.flatMap(({ name, cases, ...spec }) => {
    const of = parseFitTable(spec, spec.bytes);
    return cases.map(([about, input, expected]) => [name, about, of, input, expected] as const);
  }),
)('calibrated, %s: score, verdict and reason are those of Python: %s', (...args) => {
  const [, , of, { embedding, weights }, expected] = args;
  const found = judgeFit(of, { embedding, weights, strength: 1, name: 'small' });
  expect(found.score).toBeCloseTo(expected.score, 4);
  expect(found.verdict).toBe(expected.verdict);
  expect(found.nearest[0]?.task).toBe(expected.nearest);
  if (expected.reason === null) {
    expect(found.reason).toBeNull();
  } else {
    expect(found.reason).toMatchObject(expected.reason);
  }
  for (const { strength, ...at } of expected.strengths ?? []) {
    const there = judgeFit(of, { embedding, weights, strength, name: 'small' });
    expect(there.score).toBeCloseTo(at.score, 4);
    expect([strength, there.verdict, there.reason?.code ?? null]).toEqual([
      strength,
      at.verdict,
      at.reason,
    ]);
  }
});

test('Python has an input for every reason', () => {
  const codes = FITS.flatMap(({ cases }) =>
    cases.flatMap(([, , { reason, strengths = [] }]) => [
      reason?.code,
      ...strengths.map((at) => at.reason),
    ]),
  );
  expect(codes).toEqual(expect.arrayContaining(['far', 'missing_step', 'weak', 'strength']));
});

test('a strength that makes no verdict worse leaves the reason that there was', () => {
  const { bytes: file, cases, ...spec } = fitNamed('whole');
  const [, input] = cases.find(([, , { reason }]) => reason?.code === 'weak') ?? [];
  const { embedding, weights } = input as (typeof cases)[number][1];
  const of = parseFitTable(spec, file);
  const at = (strength: number) => judgeFit(of, { embedding, weights, strength, name: 'small' });
  expect(at(2).score).toBeLessThan(at(1).score ?? 0);
  expect(at(2)).toMatchObject({ verdict: 'unfit', reason: at(1).reason });
});

test('no strength makes a score larger than 1', () => {
  const strengths = [
    { strength: 1, factor: 1 },
    { strength: 1.5, factor: 1.4 },
  ];
  const of = parsed({ ...fit, strengths });
  expect(judged(of, Float32Array.of(0, 0.8, 0.6), 1.5)).toMatchObject({ score: 1, reason: null });
});

function bytes(rows: readonly (readonly number[])[] = ROWS): Uint8Array {
  return new Uint8Array(new Float16Array(rows.flat()).buffer);
}
