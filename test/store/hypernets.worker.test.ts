import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { hypernetStore } from '../../src/store/hypernets.ts';

const store = hypernetStore(env.DB);
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

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

test('an activation remembers what was active before it', async () => {
  await store.activate('two', B, A, 1);
  expect(await store.channel('two')).toMatchObject({ activeDigest: B, previousDigest: A });
  await store.activate('two', C, null, 2);
  expect(await store.channel('two')).toMatchObject({ activeDigest: C, previousDigest: B });
  await store.activate('two', C, null, 3);
  expect(await store.channel('two')).toMatchObject({ activeDigest: C, previousDigest: B });
  await store.activate('two', B, null, 4);
  expect(await store.channel('two')).toMatchObject({ activeDigest: B, previousDigest: C });
});
