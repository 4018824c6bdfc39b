/** The bucket as a source of bundles, with real R2. */
import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { assetsSource, r2Source } from '../../src/bundle/bundle.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';

const source = r2Source(env.HYPERNETS);

test.each([0, 1, 5_000_001])('an object of %i bytes is read whole', async (size) => {
  const bytes = new Uint8Array(size).map((_, at) => at % 251);
  await env.HYPERNETS.put('whole', bytes);
  const found = await source.read('whole');
  expect(found?.byteLength).toBe(size);
  expect(await sha256Hex(found ?? new Uint8Array(1))).toBe(await sha256Hex(bytes));
});

test('one that is not there is null', async () => {
  expect(await source.read('elsewhere')).toBeNull();
});

const sized = assetsSource({ fetch: async () => new Response('twelve bytes') });

test('an asset is read into one buffer of the size that it should have', async () => {
  const bytes = await sized.read('a/1.0.0/b', 12);
  expect(new TextDecoder().decode(bytes ?? undefined)).toBe('twelve bytes');
  expect(bytes?.buffer.byteLength).toBe(12);
});

test('of a longer one the beginning is read, a shorter one is given as it is', async () => {
  expect(new TextDecoder().decode((await sized.read('b', 6)) ?? undefined)).toBe('twelve');
  expect((await sized.read('b', 13))?.length).toBe(12);
});

test('an empty one that should be empty is', async () => {
  expect((await sized.read('b', 0))?.length).toBe(0);
});
