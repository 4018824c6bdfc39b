/** The bucket as a source of bundles, with real R2. */
import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { r2Source } from '../../src/bundle/bundle.ts';
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
