/**
 * Adapters that an earlier version of the code made, kept as long as their bytes are and then said to be
 * gone; and a removal whose store fails on the way.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { localEffects } from '../../src/local/pipeline.ts';
import { localStores } from '../../src/local/stores.ts';
import { generateAdapter } from '../../src/pipeline/generate.ts';
import { readChecked, removeAdapter } from '../../src/pipeline/stored-files.ts';
import type { BlobStore } from '../../src/store/blobs.ts';
import type { StoredFile } from '../../src/store/schema.ts';
import { temporaryFolder } from '../cli/command.ts';
import { startServer, type TestServer } from '../server.ts';
import { adapterRow, idOf } from '../store/row.ts';

const WEIGHTS = 'adapter_model.safetensors';
const DESCRIPTION = 'Reverse the order of the words.';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

/** Makes an adapter and moves it to the id that the first version of ids would have given it. */
async function madeEarlier(): Promise<string> {
  const response = await server.send('/v1/adapters', { description: DESCRIPTION });
  const document = adapterSchema.parse(await response.json());
  const { hypernet, precision, dtype, strength } = document;
  const fields = ['t2l-adapter/1', hypernet.digest, precision, dtype, strength];
  const id = createHash('sha256')
    .update([...fields, `description:${DESCRIPTION}`].join('\n'))
    .digest('hex');
  for (const name of Object.keys(document.files)) {
    const object = await server.env.ADAPTERS.get(`adapters/${document.id}/${name}`);
    await server.env.ADAPTERS.put(
      `adapters/${id}/${name}`,
      await (object as R2ObjectBody).bytes(),
      {
        sha256: document.files[name]?.sha256 ?? '',
      },
    );
    await server.env.ADAPTERS.delete(`adapters/${document.id}/${name}`);
  }
  await server.env.DB.prepare('UPDATE adapters SET id = ? WHERE id = ?')
    .bind(id, document.id)
    .run();
  return id;
}

test('an adapter of an earlier version is served, but once evicted it is gone', async () => {
  const id = await madeEarlier();
  const path = `/v1/adapters/${id}/${WEIGHTS}`;
  expect((await server.fetch(path)).status).toBe(200);
  await server.env.ADAPTERS.delete(`adapters/${id}/${WEIGHTS}`);
  const gone = await server.fetch(path);
  expect(gone.status).toBe(410);
  expect(await gone.json()).toMatchObject({ code: 'adapter_outdated' });

  const again = await server.send('/v1/adapters', { description: DESCRIPTION });
  expect(again.status).toBe(201);
  const document = adapterSchema.parse(await again.json());
  expect(document.id).not.toBe(id);
  expect((await server.fetch(`/v1/adapters/${document.id}/${WEIGHTS}`)).status).toBe(200);
});

test('a row that recorded its card, as earlier versions did, is served and made again', async () => {
  const response = await server.send('/v1/adapters', { description: 'Keep the first word' });
  const { id, files } = adapterSchema.parse(await response.json());
  const row = await server.env.DB.prepare('SELECT files FROM adapters WHERE id = ?')
    .bind(id)
    .first<{ files: string }>();
  const card = {
    name: 'README.md',
    contentType: 'text/markdown',
    bytes: 3,
    sha256: 'e'.repeat(64),
  };
  await server.env.DB.prepare('UPDATE adapters SET files = ? WHERE id = ?')
    .bind(JSON.stringify([...JSON.parse(row?.files ?? ''), card]), id)
    .run();
  await server.env.ADAPTERS.put(`adapters/${id}/README.md`, 'old');
  await server.env.ADAPTERS.delete(Object.keys(files).map((name) => `adapters/${id}/${name}`));
  for (const [name, { sha256 }] of Object.entries(files)) {
    const bytes = new Uint8Array(
      await (await server.fetch(`/v1/adapters/${id}/${name}`)).arrayBuffer(),
    );
    expect([name, await sha256Hex(bytes)]).toEqual([name, sha256]);
  }
  const later = adapterSchema.parse(await (await server.fetch(`/v1/adapters/${id}`)).json());
  expect(later.files).toEqual(files);
  const shown = await (await server.fetch(`/t2l/${id}/resolve/main/README.md`)).text();
  expect(shown).toContain('> Keep the first word');
  const paths = await server.send(`/api/models/t2l/${id}/paths-info/main`, {
    paths: ['README.md'],
  });
  expect(await paths.json()).toMatchObject([{ size: new TextEncoder().encode(shown).length }]);
});

test('a removal that fails can be asked for again, and then nothing of the adapter is left', async () => {
  const data = temporaryFolder();
  const stores = localStores(data);
  const bytes = new TextEncoder().encode('a private sentence');
  const file = { name: 'README.md', contentType: 'text/markdown', sha256: await sha256Hex(bytes) };
  const row = adapterRow({ id: idOf('a'), files: [{ ...file, bytes: bytes.length }] });
  await stores.blobs.put(row.id, [{ ...file, bytes }]);
  await stores.adapters.insert(row);
  const remove = () => Promise.reject(new Error('the store is down'));
  const failing = { ...stores, blobs: { ...stores.blobs, remove } };
  await expect(removeAdapter(row, failing)).rejects.toThrow('the store is down');
  expect(await stores.adapters.get(row.id)).toBeDefined();
  await removeAdapter(row, stores);
  expect(await stores.adapters.get(row.id)).toBeUndefined();
  expect(await readdir(join(data, 'adapters'))).toEqual([]);
});

test('files that are made again while their adapter is removed do not stay', async () => {
  const data = temporaryFolder();
  const effects = localEffects(await localCatalog(), { data });
  const input = { description: 'Reverse the list' };
  const request = { input, hypernet: undefined, dtype: 'float16', precision: undefined } as const;
  const { row } = await generateAdapter({ ...request, strength: 1 }, effects);
  const [file] = row.files as [StoredFile, ...StoredFile[]];
  await effects.blobs.remove(row.id, [file.name]);
  const put: BlobStore['put'] = async (...files) => {
    await removeAdapter(row, effects);
    await effects.blobs.put(...files);
  };
  const racing = { ...effects, blobs: { ...effects.blobs, put } };
  // Whoever asked before the removal may still have it.
  expect(await sha256Hex(await readChecked(row, file, racing))).toBe(file.sha256);
  expect(await effects.blobs.read(row.id, file)).toBe('absent');
  expect(await effects.adapters.get(row.id)).toBeUndefined();
});
