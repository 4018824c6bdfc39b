/** The bucket as a source of bundles, with real R2. */
import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { r2Source } from '../../src/bundle/bundle.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';

const source = r2Source(env.HYPERNETS);

test.each([0, 1, 5_000_001])(
  'an object of %i bytes is read whole, with the digest of its put',
  async (size) => {
    const bytes = new Uint8Array(size).map((_, at) => at % 251);
    const sha256 = await sha256Hex(bytes);
    await env.HYPERNETS.put('checked', bytes, { sha256 });
    const found = await source.readChecked?.('checked');
    expect(found?.sha256).toBe(sha256);
    expect(found?.bytes.byteLength).toBe(size);
    expect(await sha256Hex(found?.bytes ?? new Uint8Array(1))).toBe(sha256);
  },
);

test('an object that was put without a digest has none, and one that is not there is null', async () => {
  await env.HYPERNETS.put('unchecked', 'x');
  expect(await source.readChecked?.('unchecked')).toEqual({
    bytes: new TextEncoder().encode('x'),
    sha256: undefined,
  });
  expect(await source.readChecked?.('elsewhere')).toBeNull();
});
