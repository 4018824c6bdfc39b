import { expect, test } from 'vitest';
import { factorAt } from '../../../src/adapter/fit/strength.ts';

const TABLE = [
  { strength: -1, factor: 0 },
  { strength: 0, factor: 0.25 },
  { strength: 1, factor: 1 },
  { strength: 2, factor: 0.5 },
];

test.each([
  [-8, 0],
  [-1, 0],
  [-0.4, 0.15],
  [0, 0.25],
  [0.6, 0.7],
  [1, 1],
  [1.5, 0.75],
  [2, 0.5],
  [8, 0.5],
])('at strength %f the factor is %f', (strength, factor) => {
  expect(factorAt(TABLE, strength)).toBeCloseTo(factor, 12);
});

test('without a table, only strength 1 is known', () => {
  expect(factorAt(undefined, 1)).toBe(1);
  expect(factorAt(undefined, 1.05)).toBeUndefined();
  expect(factorAt([{ strength: 1, factor: 1 }], -3)).toBe(1);
});
