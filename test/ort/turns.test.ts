import { afterEach, expect, test, vi } from 'vitest';
import { createTurns } from '../../src/ort/turns.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('tasks never overlap, and all of them run', async () => {
  const turns = createTurns(1000);
  let running = 0;
  let most = 0;
  const results = await Promise.all(
    [1, 2, 3, 4].map((value) =>
      turns(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running -= 1;
        return value;
      }),
    ),
  );
  expect(results).toEqual([1, 2, 3, 4]);
  expect(most).toBe(1);
});

test('a task that fails passes its turn on, and its failure to its caller alone', async () => {
  const turns = createTurns(1000);
  const failed = turns(() => Promise.reject(new Error('no')));
  const next = turns(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('a task that never ends, because its request died, holds up the next one for a bounded time', async () => {
  vi.useFakeTimers();
  const turns = createTurns(1000);
  void turns(() => new Promise(() => undefined));
  const order: string[] = [];
  const next = ['second', 'third'].map((name) => turns(async () => order.push(name)));
  await vi.advanceTimersByTimeAsync(999);
  expect(order).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(next);
  expect(order).toEqual(['second', 'third']);
});
