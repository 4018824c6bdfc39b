import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { type BlobFile, blobStore, type OpenedFile } from '../../src/store/blobs.ts';
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

test('a file says what it was put as, and is hashed against that where it is told to be', async () => {
  const { bytes, ...file } = await fileOf('right');
  const [id, stated] = [idOf('2'), { ...file, bytes: bytes.length }];
  const always = () => true;
  expect(await store.describe(id, file.name)).toBeUndefined();
  expect(await store.open(id, file.name, always)).toBe('absent');
  await store.put(id, [{ ...file, bytes }]);
  expect(await store.describe(id, file.name)).toEqual(stated);
  expect(await store.open(id, file.name, always)).toEqual({ file: stated, body: bytes });
  const sizes: number[] = [];
  const opened = await store.open(id, file.name, (size) => sizes.push(size) > 1);
  expect(sizes).toEqual([bytes.length]);
  const { body } = opened as OpenedFile;
  expect(body).toBeInstanceOf(ReadableStream);
  expect(await new Response(body as ReadableStream).text()).toBe('right');
});

test('what was put by another way than this store says nothing of itself', async () => {
  await env.ADAPTERS.put(`adapters/${idOf('3')}/f.bin`, 'wrong');
  expect(await store.describe(idOf('3'), 'f.bin')).toBeUndefined();
  expect(await store.open(idOf('3'), 'f.bin', () => true)).toBe('absent');
});
