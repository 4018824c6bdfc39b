/**
 * Reads of stored files: the object is asked for while the row is looked up, once, and not in vain; and
 * the row of a file that was read before is asked again only where the object does not answer.
 */

import { env } from 'cloudflare:workers';
import { OpenAPIHono } from '@hono/zod-openapi';
import { expect, test } from 'vitest';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { registerFileRoutes } from '../../src/api/files.ts';
import { onError } from '../../src/api/problem.ts';
import type { AppEnv } from '../../src/api/route.ts';
import type { Services } from '../../src/api/services.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterStore } from '../../src/store/adapters.ts';
import { blobStore } from '../../src/store/blobs.ts';
import { createRecorded } from '../../src/store/recorded.ts';
import { adapterRow, idOf } from '../store/row.ts';

const ID = idOf('5');
const BYTES = new TextEncoder().encode('weights of an adapter');

/** The route of files over the real stores, and what they are asked for, in order. */
async function route() {
  const sha256 = await sha256Hex(BYTES);
  const file = { name: WEIGHTS_FILE, contentType: 'application/octet-stream', sha256 };
  const rows = adapterStore(env.DB);
  await blobStore(env.ADAPTERS).put(ID, [{ ...file, bytes: BYTES }]);
  await rows.insert(adapterRow({ id: ID, files: [{ ...file, bytes: BYTES.length }] }));
  const asked: string[] = [];
  const bucket = new Proxy(env.ADAPTERS, {
    get(target, property: keyof R2Bucket) {
      asked.push(`object ${property}`);
      return target[property].bind(target);
    },
  });
  const services: Partial<Services> = {
    blobs: blobStore(bucket),
    recorded: createRecorded(),
    adapters: {
      ...rows,
      async get(id) {
        const row = await rows.get(id);
        asked.push('row known');
        return row;
      },
    },
  };
  const app = new OpenAPIHono<AppEnv>();
  app.use(async (c, next) => {
    c.set('services', services as Services);
    await next();
  });
  registerFileRoutes(app);
  app.onError(onError);
  const read = (id: string, init?: RequestInit, query = '') =>
    app.request(`/v1/adapters/${id}/${WEIGHTS_FILE}${query}`, init);
  return { read, asked };
}

test('the object is asked for before the row is known, once', async () => {
  const { read, asked } = await route();
  const response = await read(ID);
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
  expect(asked).toEqual(['object get', 'row known']);
});

test.each([
  ['HEAD', { method: 'HEAD' }, 200],
  ['If-None-Match', { headers: { 'if-none-match': '*' } }, 304],
  ['If-Match', { headers: { 'if-match': '"other"' } }, 412],
])('%s reads no object', async (_what, init, status) => {
  const { read, asked } = await route();
  expect((await read(ID, init)).status).toBe(status);
  expect(asked).toEqual(['row known']);
});

test('a range, and an id that no adapter has, are answered as ever', async () => {
  const { read, asked } = await route();
  const part = await read(ID, { headers: { range: 'bytes=8-9' } });
  expect(part.status).toBe(206);
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(BYTES.subarray(8, 10));
  expect(asked).toEqual(['row known', 'object get']);
  const none = await read(idOf('6'));
  expect(none.status).toBe(404);
  expect(await none.json()).toMatchObject({ code: 'adapter_unknown' });
});

test('the row of a file that was read before is not asked again', async () => {
  const { read, asked } = await route();
  const first = await read(ID);
  await first.arrayBuffer();
  asked.length = 0;
  const again = await read(ID.toUpperCase());
  expect(asked).toEqual(['object get']);
  expect(new Uint8Array(await again.arrayBuffer())).toEqual(BYTES);
  expect(Object.fromEntries(again.headers)).toEqual(Object.fromEntries(first.headers));
});

test('an adapter that was removed elsewhere is unknown, though it was read before', async () => {
  const { read, asked } = await route();
  await (await read(ID)).arrayBuffer();
  await blobStore(env.ADAPTERS).remove(ID, [WEIGHTS_FILE]);
  await adapterStore(env.DB).remove(ID);
  asked.length = 0;
  expect((await read(ID)).status).toBe(404);
  expect(asked).toEqual(['object get', 'object get', 'row known']);
});

test('what is wrong with a request is wrong the second time too', async () => {
  const { read } = await route();
  await (await read(ID)).arrayBuffer();
  for (const query of ['?layout=', '?layout=peft&layout=mlx', '?x=1&x=2']) {
    expect((await read(ID, {}, query)).status).toBe(400);
  }
});
