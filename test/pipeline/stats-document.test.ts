/** Counts in buckets become percentiles: the bound of the bucket in which a part of all ends. */
import { expect, test } from 'vitest';
import { timeCount } from '../../src/contract/counts.ts';
import { statsDocument } from '../../src/pipeline/stats-document.ts';

const days = { from: '2026-08-03', to: '2026-08-03' };
const stored = { adapters: 0, bytes: 0 };

function timesOf(milliseconds: readonly number[]) {
  const counts = new Map<string, number>();
  for (const one of milliseconds) {
    const name = timeCount('run', one);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return statsDocument(days, counts, stored).times.run;
}

test('a percentile is never below the time that it stands for, and at most half as much again', () => {
  const times = Array.from({ length: 1000 }, (_, at) => at + 1);
  expect(timesOf(times)).toEqual({ count: 1000, p50: 500, p90: 1000, p99: 1000 });
  expect(timesOf([4])).toEqual({ count: 1, p50: 5, p90: 5, p99: 5 });
  expect(timesOf([...new Array(99).fill(0), 800])).toEqual({ count: 100, p50: 1, p90: 1, p99: 1 });
  expect(timesOf([...new Array(98).fill(0), 800, 800])?.p99).toBe(1000);
});

test('what takes longer than any bucket is in the last one', () => {
  expect(timesOf([1e9])).toEqual({ count: 1, p50: 90_000, p90: 90_000, p99: 90_000 });
});

test('of nothing there is nothing', () => {
  expect(statsDocument(days, new Map(), stored)).toEqual({
    ...days,
    adapters: [],
    remade: 0,
    answers: {},
    problems: {},
    bytes: 0,
    times: {},
    stored,
  });
});
