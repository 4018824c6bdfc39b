import { expect, test } from 'vitest';
import { unlessAborted } from '../../src/ort/abort.ts';

test('work ends with its outcome, or at once with the reason of the signal', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  const never = new Promise<never>(() => undefined);
  await expect(unlessAborted(never, AbortSignal.abort('why'))).rejects.toBe('why');
  const later = new AbortController();
  const waiting = unlessAborted(never, later.signal);
  later.abort('later');
  await expect(waiting).rejects.toBe('later');
});

test('work that fails after it was given up goes unheard', async () => {
  // vitest fails on a rejection that nobody handles.
  const failing = new Promise<never>((_resolve, reject) =>
    setTimeout(() => reject(new Error()), 5),
  );
  await expect(unlessAborted(failing, AbortSignal.abort('why'))).rejects.toBe('why');
  await new Promise((resolve) => setTimeout(resolve, 20));
});
