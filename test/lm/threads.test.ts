import { expect, test } from 'vitest';
import { threadsFor } from '../../src/lm/threads.ts';

test('a base model has as many threads as there are cores, up to four', () => {
  expect([1, 2, 3, 4, 64].map((cores) => threadsFor(cores, true))).toEqual([1, 2, 3, 4, 4]);
});

test('without shared memory, or where the machine does not tell its cores, it has one', () => {
  expect(threadsFor(8, false)).toBe(1);
  expect(threadsFor(undefined, true)).toBe(1);
  expect(threadsFor(0, true)).toBe(1);
});
