import { expect, test } from 'vitest';
import { parseServerTiming } from '../../scripts/bench/server-timing.ts';
import { draw, median, table } from '../../scripts/command.ts';

const items = Array.from({ length: 200 }, (_, index) => index);

test('a draw has no item twice and is the same for the same seed only', () => {
  const drawn = draw(items, 50, 7);
  expect(new Set(drawn).size).toBe(50);
  expect(draw(items, 50, 7)).toEqual(drawn);
  expect(draw(items, 50, 8)).not.toEqual(drawn);
  expect(draw(items, 500, 7).toSorted((a, b) => a - b)).toEqual(items);
});

test('every item is drawn about equally often', () => {
  const counts = items.map(() => 0);
  for (let seed = 0; seed < 400; seed++) {
    for (const item of draw(items, 50, seed)) {
      counts[item] = (counts[item] ?? 0) + 1;
    }
  }
  // 100 expected of each, with a standard deviation of 8.7.
  expect(Math.min(...counts)).toBeGreaterThan(60);
  expect(Math.max(...counts)).toBeLessThan(140);
});

test('medians', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('tables are as wide as their widest cell', () => {
  const rows = [
    ['task', 'base'],
    ['reverse', '5'],
  ];
  expect(table(rows, new Set([1]))).toBe('task     base\nreverse     5');
});

test('Server-Timing is read by name', () => {
  expect([...parseServerTiming('run;dur=12.5, store;dur=3')]).toEqual([
    ['run', 12.5],
    ['store', 3],
  ]);
});
