/** A store that is away for a moment is asked twice, and then the caller is told when to come back. */
import { expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { steady } from '../../src/store/steady.ts';

function failing(times: number, error: unknown = new Error('D1_ERROR: Network connection lost.')) {
  let calls = 0;
  const store = {
    async get(id: string): Promise<string> {
      calls++;
      if (calls <= times) {
        throw error;
      }
      return `${id} at the call ${calls}`;
    },
    begin: (id: string): string => `begun ${id}`,
    name: 'rows',
  };
  return { store: steady(store), calls: () => calls };
}

test('one failure is not noticed', async () => {
  const { store } = failing(1);
  expect(await store.get('a')).toBe('a at the call 2');
});

test('two are the answer, which says when to come back and keeps the reason for the log', async () => {
  const { store, calls } = failing(9);
  const failure = store.get('a');
  await expect(failure).rejects.toMatchObject({
    code: 'store_unavailable',
    status: 503,
    extra: { headers: { 'retry-after': '5' } },
    cause: expect.objectContaining({ message: expect.stringContaining('Network') }),
  });
  expect(calls()).toBe(2);
});

test('what was found out about the request is no failure of the store', async () => {
  const { store, calls } = failing(9, new T2lError('adapter_unknown', 'There is none.'));
  await expect(store.get('a')).rejects.toMatchObject({ code: 'adapter_unknown' });
  expect(calls()).toBe(1);
});

test('what never answers is not waited for', async () => {
  const store = steady({ put: () => new Promise<void>(() => undefined) }, 20);
  await expect(store.put()).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('what is no promise stays as it is', () => {
  const { store } = failing(0);
  expect(store.begin('a')).toBe('begun a');
  expect(store.name).toBe('rows');
});
