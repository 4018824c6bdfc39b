/** Who makes an adapter, who waits for it, and who is told to come back. */
import { expect, test } from 'vitest';
import { createMaking, type MakingLimits } from '../../src/pipeline/making.ts';

function limits(given: Partial<MakingLimits> = {}): MakingLimits {
  return { most: 9, mostOfOne: 9, mostWaiting: 9, aliveMs: 5000, now: () => 0, ...given };
}

/** A promise to be settled from outside. */
function gate() {
  return Promise.withResolvers<void>();
}

test('the same is made by one at a time, and who waited is told so', async () => {
  const making = createMaking(limits())();
  const { promise, resolve } = gate();
  const order: string[] = [];
  const first = making('a', async (waited) => {
    order.push(`first ${waited}`);
    await promise;
    order.push('first is done');
  });
  const others = ['second', 'third'].map((name) =>
    making('a', async (waited) => {
      order.push(`${name} ${waited}`);
    }),
  );
  await making('b', async (waited) => {
    order.push(`another ${waited}`);
  });
  resolve();
  await Promise.all([first, ...others]);
  expect(order).toEqual([
    'first false',
    'another false',
    'first is done',
    'second true',
    'third true',
  ]);
});

test('a failure is for the one that failed; the next one makes it', async () => {
  const making = createMaking(limits())();
  const { promise, resolve } = gate();
  const first = making('a', async () => {
    await promise;
    throw new Error('the disk is full');
  });
  const second = making('a', async () => 'made');
  resolve();
  await expect(first).rejects.toThrow('the disk is full');
  expect(await second).toBe('made');
});

test('more than so many are told to come back, and are taken when others are done', async () => {
  const making = createMaking(limits({ most: 2 }))();
  const { promise, resolve } = gate();
  const running = ['a', 'c'].map((id) => making(id, () => promise));
  await expect(making('b', async () => 1)).rejects.toMatchObject({
    code: 'overloaded',
    status: 503,
    extra: { headers: { 'retry-after': '5' } },
  });
  resolve();
  await Promise.all(running);
  expect(await making('b', async () => 1)).toBe(1);
});

test('a request that died holds nobody up for longer than it is believed to be alive', async () => {
  let now = 0;
  const making = createMaking(limits({ most: 1, aliveMs: 20, now: () => now }))();
  void making('a', () => new Promise(() => undefined));
  await expect(making('b', async () => 1)).rejects.toMatchObject({ code: 'overloaded' });
  now = 21;
  expect(await making('a', async (waited) => waited)).toBe(true);
  expect(await making('a', async (waited) => waited)).toBe(false);
});

test('one client takes a part of the places, and the others are left to others', async () => {
  const makingFor = createMaking(limits({ most: 3, mostOfOne: 2 }));
  const { promise, resolve } = gate();
  const running = ['a', 'b'].map((id) => makingFor('one')(id, () => promise));
  await expect(makingFor('one')('c', async () => 1)).rejects.toMatchObject({
    code: 'overloaded',
    detail: expect.stringContaining('for you'),
  });
  expect(await makingFor('another')('c', async () => 2)).toBe(2);
  // Who has no limit takes what is left.
  expect(await makingFor()('c', async () => 3)).toBe(3);
  resolve();
  await Promise.all(running);
});

test('who waits takes no place, but only so many wait', async () => {
  const making = createMaking(limits({ most: 1, mostWaiting: 2 }))();
  const { promise, resolve } = gate();
  const first = making('a', () => promise);
  const waiting = [making('a', async (waited) => waited), making('a', async (waited) => waited)];
  await expect(making('a', async () => 1)).rejects.toMatchObject({ code: 'overloaded' });
  resolve();
  await first;
  expect(await Promise.all(waiting)).toEqual([true, true]);
});
