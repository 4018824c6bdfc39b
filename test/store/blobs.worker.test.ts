import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { type BlobFile, type BlobStore, blobStore } from '../../src/store/blobs.ts';
import { idOf } from './row.ts';

const store = blobStore(env.ADAPTERS);

async function fileOf(content: string): Promise<BlobFile> {
  const bytes = new TextEncoder().encode(content);
  return { name: 'f.bin', contentType: 'text/plain', bytes, sha256: await sha256Hex(bytes) };
}

async function textOf(body: Promise<ReadableStream | null>): Promise<string | null> {
  const stream = await body;
  return stream && new Response(stream).text();
}

test('bytes come back, whole and in part', async () => {
  const file = await fileOf('0123456789');
  await store.put(idOf('a'), [file]);
  expect(await textOf(store.get(idOf('a'), file))).toBe('0123456789');
  expect(await textOf(store.get(idOf('a'), file, { offset: 3, length: 4 }))).toBe('3456');
});

test('an object is written once', async () => {
  const file = await fileOf('same');
  await Promise.all([store.put(idOf('b'), [file]), store.put(idOf('b'), [file])]);
  const before = await env.ADAPTERS.head(`adapters/${idOf('b')}/f.bin`);
  await store.put(idOf('b'), [file]);
  const after = await env.ADAPTERS.head(`adapters/${idOf('b')}/f.bin`);
  expect(after?.version).toBe(before?.version);
});

test('an orphan with other bytes is replaced', async () => {
  await env.ADAPTERS.put(`adapters/${idOf('c')}/f.bin`, 'left by a crash');
  const file = await fileOf('right');
  await store.put(idOf('c'), [file]);
  expect(await textOf(store.get(idOf('c'), file))).toBe('right');
});

test('R2 refuses bytes that are not those of the sha256', async () => {
  const file = { ...(await fileOf('right')), sha256: '0'.repeat(64) };
  await expect(store.put(idOf('d'), [file])).rejects.toThrow();
});

test('what is read whole is hashed, and what was damaged is replaced only when told', async () => {
  const file = await fileOf('right');
  expect(await store.read(idOf('1'), file)).toBe('absent');
  await env.ADAPTERS.put(`adapters/${idOf('1')}/f.bin`, 'wrong');
  expect(await store.read(idOf('1'), file)).toBe('damaged');
  await store.put(idOf('1'), [file], true);
  expect(await store.read(idOf('1'), file)).toEqual(file.bytes);
  const { version } = (await env.ADAPTERS.head(`adapters/${idOf('1')}/f.bin`)) as R2Object;
  await store.put(idOf('1'), [file]);
  expect((await env.ADAPTERS.head(`adapters/${idOf('1')}/f.bin`))?.version).toBe(version);
  await store.put(idOf('1'), [file], true);
  expect((await env.ADAPTERS.head(`adapters/${idOf('1')}/f.bin`))?.version).not.toBe(version);
});

test('absent, foreign and removed objects are null', async () => {
  const file = await fileOf('right');
  expect(await store.get(idOf('e'), file)).toBeNull();
  await env.ADAPTERS.put(`adapters/${idOf('e')}/f.bin`, 'wrong');
  expect(await store.get(idOf('e'), file)).toBeNull();
  await store.put(idOf('f'), [file]);
  await store.remove(idOf('f'), ['f.bin']);
  expect(await store.get(idOf('f'), file)).toBeNull();
});

/** A store whose bucket counts how often objects are asked for. */
function counted(): { readonly store: BlobStore; readonly gets: () => number } {
  let gets = 0;
  const bucket = new Proxy(env.ADAPTERS, {
    get(target, property: keyof R2Bucket) {
      gets += property === 'get' ? 1 : 0;
      return target[property].bind(target);
    },
  });
  return { store: blobStore(bucket), gets: () => gets };
}

test('what was begun is read on, once, and no other file is taken for it', async () => {
  const [file, other] = [await fileOf('begun'), await fileOf('other')];
  await store.put(idOf('2'), [file]);
  await store.put(idOf('3'), [other]);
  const { store: counting, gets } = counted();
  counting.begin?.(idOf('2'), file.name);
  expect(await counting.read(idOf('3'), other)).toEqual(other.bytes);
  expect(await textOf(counting.get(idOf('2'), file, { offset: 0, length: 2 }))).toBe('be');
  expect(gets()).toBe(3);
  expect(await counting.read(idOf('2'), file)).toEqual(file.bytes);
  expect(gets()).toBe(3);
  expect(await textOf(counting.get(idOf('2'), file))).toBe('begun');
  expect(gets()).toBe(4);
});

test('what was begun before it was there is found all the same, and damage is seen', async () => {
  const file = await fileOf('right');
  const { store: counting } = counted();
  counting.begin?.(idOf('4'), file.name);
  await env.ADAPTERS.get(`adapters/${idOf('4')}/f.bin`);
  await store.put(idOf('4'), [file]);
  expect(await counting.read(idOf('4'), file)).toEqual(file.bytes);
  await env.ADAPTERS.put(`adapters/${idOf('4')}/f.bin`, 'wrong');
  counting.begin?.(idOf('4'), file.name);
  expect(await counting.read(idOf('4'), file)).toBe('damaged');
  counting.begin?.(idOf('4'), file.name);
  expect(await counting.get(idOf('4'), file)).toBeNull();
});
