import { expect, test } from 'vitest';
import { MAX_STRENGTH, MIN_STRENGTH } from '../../src/contract/limits.ts';
import { roundStrength } from '../../src/contract/requests/create-adapter.ts';

test('a strength is the nearest multiple of 0.05', () => {
  const cases = [
    ...[
      [0.52, 0.5],
      [0.525, 0.55],
      [1, 1],
      [0.1 + 0.2, 0.3],
      [7.99, 8],
      [0.025, 0.05],
      [0.0249, 0],
    ],
  ];
  for (const [given, rounded] of cases as [number, number][]) {
    expect([given, roundStrength(given)]).toEqual([given, rounded]);
    expect(roundStrength(-given)).toBe(rounded === 0 ? 0 : -rounded);
  }
});

test('every strength prints as a multiple of 0.05 does, and rounds to itself', () => {
  const steps = MAX_STRENGTH / MIN_STRENGTH;
  expect(steps).toBe(160);
  for (let step = 1; step <= steps; step++) {
    const printed = (step * 0.05).toFixed(2).replace(/\.?0+$/, '');
    // Added up, a strength has every error that sums have.
    const sum = Array.from({ length: step }, () => 0.05).reduce((a, b) => a + b, 0);
    expect(String(roundStrength(sum))).toBe(printed);
    expect(String(roundStrength(Number(printed)))).toBe(printed);
  }
});
