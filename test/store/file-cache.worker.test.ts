/** Copies of stored files: only what was put there as the file, whole or in part, and none that outlives it. */
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { ALWAYS_CHECKED_BYTES, openStored } from '../../src/pipeline/stored-files.ts';
import { blobStore } from '../../src/store/blobs.ts';
import { type FileCache, fileCache, KEPT_SECONDS, withCopies } from '../../src/store/file-cache.ts';
import type { StoredFile } from '../../src/store/schema.ts';
import { idOf } from './row.ts';

const NAME = 'adapter_model.safetensors';
const BYTES = new TextEncoder().encode('0123456789');

afterEach(() => {
  vi.restoreAllMocks();
});

function addressOf(id: string): string {
  return `https://t2l-edge.invalid/adapters/${id}/${NAME}`;
}

async function fileOf(bytes: Uint8Array = BYTES): Promise<StoredFile> {
  const sha256 = await sha256Hex(bytes);
  return { name: NAME, contentType: 'application/octet-stream', bytes: bytes.length, sha256 };
}

/** A cache, and waiting for what it does after answers. */
function cacheOf(isThere = true): { readonly cache: FileCache; settle(): Promise<void> } {
  let work = Promise.resolve();
  const cache = fileCache({
    later(one) {
      work = work.then(one);
    },
    isThere: async () => isThere,
  });
  return { cache, settle: () => work };
}

async function textOf(body: ReadableStream | Uint8Array | undefined): Promise<string> {
  return new Response(body as BodyInit).text();
}

test('a copy has the facts and the bytes of the file, and a part of it the right ones', async () => {
  const [id, file] = [idOf('a1'), await fileOf()];
  const { cache, settle } = cacheOf();
  expect(await cache.open(id, NAME)).toBeUndefined();
  expect(await cache.describe(id, NAME)).toBeUndefined();
  cache.keep(id, file, BYTES);
  await settle();
  expect(await cache.describe(id, NAME)).toEqual(file);
  const whole = await cache.open(id, NAME);
  expect([whole?.file, await textOf(whole?.body)]).toEqual([file, '0123456789']);
  const part = await cache.open(id, NAME, { offset: 3, length: 4 });
  expect([part?.file, await textOf(part?.body)]).toEqual([file, '3456']);
  expect(await cache.open(id, NAME, { offset: 20, length: 4 })).toBeUndefined();
  expect(await cache.open(id, 'adapter_config.json')).toBeUndefined();
  expect(await cache.open(idOf('a2'), NAME)).toBeUndefined();
});

test('a copy ends within the hour', async () => {
  const id = idOf('b1');
  const put = vi.spyOn(caches.default, 'put');
  const { cache, settle } = cacheOf();
  cache.keep(id, await fileOf(), BYTES);
  await settle();
  const [, response] = put.mock.calls[0] ?? [];
  expect(response?.headers.get('cache-control')).toBe(`public, s-maxage=${KEPT_SECONDS}`);
  expect(KEPT_SECONDS).toBeLessThanOrEqual(3600);
});

test('what is removed while its copy is put has none', async () => {
  const id = idOf('c1');
  const { cache, settle } = cacheOf(false);
  cache.keep(id, await fileOf(), BYTES);
  await settle();
  expect(await cache.open(id, NAME)).toBeUndefined();
});

test('a removal takes the copy along', async () => {
  const [id, file] = [idOf('d1'), await fileOf()];
  const { cache, settle } = cacheOf();
  const blobs = withCopies(blobStore(env.ADAPTERS), cache);
  await blobs.put(id, [{ ...file, bytes: BYTES }]);
  cache.keep(id, file, BYTES);
  await settle();
  await blobs.remove(id, [NAME]);
  expect(await cache.open(id, NAME)).toBeUndefined();
  expect(await blobs.describe(id, NAME)).toBeUndefined();
});

test('what is evicted is read from its copy', async () => {
  const [id, file] = [idOf('d2'), await fileOf()];
  const { cache, settle } = cacheOf();
  const blobs = withCopies(blobStore(env.ADAPTERS), cache);
  await blobs.put(id, [{ ...file, bytes: BYTES }]);
  cache.keep(id, file, BYTES);
  await settle();
  await blobs.evict?.(id, [NAME]);
  expect(await blobs.describe(id, NAME)).toBeUndefined();
  const copy = await cache.open(id, NAME);
  expect(await textOf(copy?.body)).toBe('0123456789');
});

test.each([
  ['without what it is of', {}],
  ['of no sha256', { 'T2L-File': 'x 10' }],
  ['of no type', { 'T2L-File': `${'a'.repeat(64)} 10`, 'content-type': '' }],
])('an entry %s is no copy', async (_what, headers) => {
  const id = idOf('e1');
  const entry = new Response(BYTES, {
    headers: { 'content-type': 'text/plain', 'cache-control': 'max-age=60', ...headers },
  });
  await caches.default.put(addressOf(id), entry);
  expect(await cacheOf().cache.open(id, NAME)).toBeUndefined();
  await caches.default.delete(addressOf(id));
});

test('a whole answer is not taken for a part', async () => {
  const file = await fileOf();
  const whole = new Response(BYTES, {
    headers: { 'T2L-File': `${file.sha256} ${file.bytes}`, 'content-type': file.contentType },
  });
  vi.spyOn(caches.default, 'match').mockResolvedValue(whole);
  expect(await cacheOf().cache.open(idOf('e2'), NAME, { offset: 0, length: 4 })).toBeUndefined();
});

test('a cache that fails is as none, for removals too', async () => {
  for (const method of ['match', 'put', 'delete'] as const) {
    vi.spyOn(caches.default, method).mockRejectedValue(new Error('away'));
  }
  const { cache, settle } = cacheOf();
  expect(await cache.open(idOf('f1'), NAME)).toBeUndefined();
  expect(await cache.describe(idOf('f1'), NAME)).toBeUndefined();
  await cache.remove(idOf('f1'), [NAME]);
  vi.spyOn(Date, 'now').mockReturnValue(0);
  cache.keep(idOf('f1'), await fileOf(), BYTES);
  await settle();
});

test('of a large file only what was hashed is copied, and never what was damaged', async () => {
  const id = idOf('91');
  const bytes = new Uint8Array(ALWAYS_CHECKED_BYTES + 1).fill(7);
  const file = await fileOf(bytes);
  const store = blobStore(env.ADAPTERS);
  await store.put(id, [{ ...file, bytes }]);
  const { cache, settle } = cacheOf();
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.9);
  const unhashed = await openStored(id, NAME, { blobs: store, cache });
  expect(unhashed?.body).toBeInstanceOf(ReadableStream);
  await new Response(unhashed?.body as BodyInit).arrayBuffer();
  await settle();
  expect(await cache.open(id, NAME)).toBeUndefined();
  random.mockReturnValue(0.01);
  const open = store.open;
  const damaged = { ...store, open: async () => 'damaged' as const };
  expect(await openStored(id, NAME, { blobs: damaged, cache })).toBeUndefined();
  await settle();
  expect(await cache.open(id, NAME)).toBeUndefined();
  const hashed = await openStored(id, NAME, { blobs: { ...store, open }, cache });
  expect(hashed?.body).toBeInstanceOf(Uint8Array);
  await settle();
  expect(await cache.describe(id, NAME)).toEqual(file);
});

test('an isolate whose copies are not kept stops trying for some minutes', async () => {
  // Long ago, so that the isolate, which other tests share, tries again after it.
  const now = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
  const put = vi.spyOn(caches.default, 'put').mockResolvedValue(undefined);
  const { cache, settle } = cacheOf();
  const file = await fileOf();
  for (let times = 0; times < 3; times++) {
    cache.keep(idOf('81'), file, BYTES);
    await settle();
  }
  expect(put).toHaveBeenCalledTimes(1);
  now.mockReturnValue(1_700_000);
  cache.keep(idOf('81'), file, BYTES);
  await settle();
  expect(put).toHaveBeenCalledTimes(2);
});
