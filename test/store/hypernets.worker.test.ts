import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { hypernetStore } from '../../src/store/hypernets.ts';

const store = hypernetStore(env.DB);
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];

test('a digest and a version are taken once', async () => {
  const row = { name: 'one', version: '1.0.0', digest: A, registeredAt: 5 };
  expect(await store.insert(row)).toBe(true);
  expect(await store.insert(row)).toBe(false);
  expect(await store.insert({ ...row, digest: B })).toBe(false);
  expect(await store.insert({ ...row, version: '1.0.1' })).toBe(false);
  expect(await store.byDigest(A)).toEqual(row);
  expect(await store.byVersion('one', '1.0.0')).toEqual(row);
  expect(await store.list('one')).toEqual([row]);
  expect(await store.list('other')).toEqual([]);
});

function change(name: string, digest: string, seen: string | null, from = seen) {
  return { name, digest, seen, from, reason: null, at: 1 };
}

test('an activation remembers what was active before it', async () => {
  expect(await store.activate(change('two', B, null, A))).toBe(true);
  expect(await store.channel('two')).toMatchObject({ activeDigest: B, previousDigest: A });
  expect(await store.activate(change('two', C, B))).toBe(true);
  expect(await store.channel('two')).toMatchObject({ activeDigest: C, previousDigest: B });
  expect(await store.activate(change('two', C, C))).toBe(true);
  expect(await store.channel('two')).toMatchObject({ activeDigest: C, previousDigest: B });
  expect(await store.activate({ ...change('two', B, C), reason: 'C was bad', at: 9 })).toBe(true);
  expect(await store.channel('two')).toMatchObject({ activeDigest: B, previousDigest: C });
  // Activating what was active is no change.
  const history = await store.activations('two', 5);
  expect(history.map(({ fromDigest, toDigest }) => [fromDigest, toDigest])).toEqual([
    [C, B],
    [B, C],
    [A, B],
  ]);
  expect(history[0]).toMatchObject({ at: 9, reason: 'C was bad' });
  expect(await store.activations('two', 1)).toEqual(history.slice(0, 1));
});

test('of activations that saw the same, one happens, and the history has that one', async () => {
  for (const seen of [null, A]) {
    const [one, other] = seen === null ? [A, B] : [B, C];
    const before = (await store.activations('three', 9)).length;
    const done = await Promise.all([
      store.activate(change('three', one, seen)),
      store.activate(change('three', other, seen)),
    ]);
    expect(done.filter((did) => did)).toHaveLength(1);
    const history = await store.activations('three', 9);
    expect(history).toHaveLength(before + 1);
    expect((await store.channel('three'))?.activeDigest).toBe(history[0]?.toDigest);
    await store.activate(change('three', A, history[0]?.toDigest ?? null));
  }
});

test('a yanked version cannot be activated, nor one be yanked after another look at its channel', async () => {
  const row = { digest: B, name: 'four', reason: 'It is bad', yankedAt: 5 };
  expect(await store.activate(change('four', A, null))).toBe(true);
  expect(await store.addYank(row, null)).toBe(false);
  expect(await store.yank(B)).toBeUndefined();
  expect(await store.addYank(row, A)).toBe(true);
  expect(await store.activate(change('four', B, A))).toBe(false);
  expect(await store.channel('four')).toMatchObject({ activeDigest: A });
  expect(await store.activations('four', 9)).toHaveLength(1);
  expect(await store.addYank({ ...row, reason: 'Very bad', yankedAt: 6 }, A)).toBe(true);
  expect(await store.yank(B)).toEqual({ ...row, reason: 'Very bad' });
  expect(await store.yanks('four')).toHaveLength(1);
  expect(await store.yanks('five')).toEqual([]);
});

test('a canary lasts until the next activation, and cannot be yanked meanwhile', async () => {
  const tried = { name: 'six', canary: { digest: D, percent: 10 }, from: A, reason: null, at: 1 };
  expect(await store.setCanary({ ...tried, seen: C })).toBe(false);
  // Nobody chose A: the canary's row does.
  expect(await store.setCanary({ ...tried, seen: null })).toBe(true);
  const canary = { canaryDigest: D, canaryPercent: 10 };
  expect(await store.channel('six')).toMatchObject({
    activeDigest: A,
    previousDigest: null,
    ...canary,
  });
  const yank = { digest: D, name: 'six', reason: 'No', yankedAt: 1 };
  expect(await store.addYank(yank, A)).toBe(false);
  expect(await store.activate(change('six', C, A))).toBe(true);
  const none = { canaryDigest: null, canaryPercent: null };
  expect(await store.channel('six')).toMatchObject({ activeDigest: C, previousDigest: A, ...none });
});
