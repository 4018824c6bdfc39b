import { expect, test } from 'vitest';
import { reasonOf, strengthReason } from '../../../src/adapter/fit/reason.ts';

const TRAINED = { name: 'small', tasks: ['sort', 'count'], success: [0.9, 0.144] };
const CALIBRATION = {
  reasons: { score: 0.5, entry: 0.6, adapter: 0.9, success: 0.6, missing: 0.7 },
  steps: { names: ['sort', 'count'], bias: [0, 0], tasks: [[0], [1]] },
};
/** Nothing is wrong with it but its score. */
const FINE = {
  score: 0.4,
  entry: 0.8,
  likeness: 0.95,
  closest: 0,
  missing: 0,
  step: -1,
  written: 1,
};
const NONE = { task: null, step: null, success: null };
const FAR = { code: 'far', ...NONE, text: 'far from everything that small was trained on' };
const MISSING = {
  code: 'missing_step',
  ...NONE,
  task: 'sort',
  step: 'count',
  text: 'close to sort, but nothing trained near it also does count',
};
const WEAK = {
  code: 'weak',
  ...NONE,
  task: 'count',
  success: 0.144,
  text: 'close to count, which small learned to 14%',
};

test.each([
  ['a text that is far from every task', { entry: 0.59 }, FAR],
  ['a step that is missing', { missing: 0.7, step: 1 }, MISSING],
  ['an adapter like that of no task', { likeness: 0.89 }, FAR],
  ['a task that is not done well', { closest: 1 }, WEAK],
  ['nothing of that', {}, null],
  ['a far text before a step', { entry: 0.59, missing: 0.7, step: 1 }, FAR],
  ['a step before a far adapter', { likeness: 0.89, missing: 0.7, step: 1 }, MISSING],
  ['a far adapter before a weak task', { likeness: 0.89, closest: 1 }, FAR],
  ['a step that may be missing', { missing: 0.69, step: 1 }, null],
])('%s', (_case, seen, reason) => {
  expect(reasonOf(CALIBRATION, { ...FINE, ...seen }, TRAINED)).toEqual(reason);
});

test('from the score on where adapters rather work, there is no reason', () => {
  expect(reasonOf(CALIBRATION, { ...FINE, score: 0.5, entry: 0 }, TRAINED)).toBeNull();
  expect(reasonOf(CALIBRATION, { ...FINE, score: 0.4999, entry: 0 }, TRAINED)).toEqual(FAR);
});

test('steps that are not read well enough are not named', () => {
  const { missing: _missing, ...reasons } = CALIBRATION.reasons;
  const seen = { ...FINE, missing: 1, step: 1, closest: 1 };
  expect(reasonOf({ ...CALIBRATION, reasons }, seen, TRAINED)).toEqual(WEAK);
});

test('descriptions that are worded like phrasings have limits of their own', () => {
  const reasons = { score: 0.45, entry: 0.6, adapter: 0.5, success: 0.6 };
  const gate = { bias: 0, direction: [] };
  const match = { bias: 0, adapter: 0, entry: 0, similarity: 0, missing: 0, direction: [] };
  const gated = { ...CALIBRATION, phrased: { gate, trust: [], match, reasons } };
  const odd = { ...FINE, likeness: 0.6, missing: 1, step: 1 };
  expect(reasonOf(gated, { ...odd, written: 0.5 }, TRAINED)).toEqual(MISSING);
  expect(reasonOf(gated, { ...odd, written: 0.49 }, TRAINED)).toBeNull();
  expect(reasonOf(gated, { ...odd, closest: 1, written: 0.49 }, TRAINED)).toEqual(WEAK);
  const better = { ...odd, score: 0.46, closest: 1 };
  expect(reasonOf(gated, { ...better, written: 0.49 }, TRAINED)).toBeNull();
});

test('a strength is a reason in words of its own', () => {
  expect(strengthReason(8, 0.034)).toEqual({
    code: 'strength',
    ...NONE,
    text: 'made for strength 1: at 8, adapters keep 3% of what they get right at 1',
  });
  expect(strengthReason(-0.5, undefined).text).toBe(
    'measured at strength 1 only; this adapter has -0.5',
  );
});
