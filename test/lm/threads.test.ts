import { expect, test } from 'vitest';
import { threadsFor } from '../../src/lm/threads.ts';

test('a base model has a thread for every two cores, up to four', () => {
  const cores = [1, 2, 3, 4, 8, 64];
  expect(cores.map((count) => threadsFor(count, true))).toEqual([1, 1, 2, 2, 4, 4]);
});

test('without shared memory, or where the machine does not tell its cores, it has one', () => {
  expect(threadsFor(8, false)).toBe(1);
  expect(threadsFor(undefined, true)).toBe(1);
  expect(threadsFor(0, true)).toBe(1);
});
