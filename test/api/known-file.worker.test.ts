/**
 * Reads of stored files: who is asked for them, in order. First the copy of this data center, then R2, whose
 * object says what it is, and the row only where neither knows or the bytes are not what they must be.
 */

import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { DescribedApp } from '../../src/api/described.ts';
import { registerFileRoutes } from '../../src/api/files.ts';
import { onError } from '../../src/api/problem.ts';
import type { Services } from '../../src/api/services.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterStore } from '../../src/store/adapters.ts';
import { blobStore } from '../../src/store/blobs.ts';
import { fileCache, withCopies } from '../../src/store/file-cache.ts';
import { createRecorded } from '../../src/store/recorded.ts';
import { adapterRow, idOf } from '../store/row.ts';

const ID = idOf('5');
const BYTES = new TextEncoder().encode('weights of an adapter');

const COPY = `https://t2l-edge.invalid/adapters/${ID}/${WEIGHTS_FILE}`;

/**
 * The route of files over the real stores, and what they are asked for, in order.
 *
 * @param damage what R2 gives in place of the right bytes
 */
async function route(damage?: () => Uint8Array) {
  await caches.default.delete(COPY);
  const sha256 = await sha256Hex(BYTES);
  const file = { name: WEIGHTS_FILE, contentType: 'application/octet-stream', sha256 };
  const rows = adapterStore(env.DB);
  await blobStore(env.ADAPTERS).put(ID, [{ ...file, bytes: BYTES }]);
  await rows.insert(adapterRow({ id: ID, files: [{ ...file, bytes: BYTES.length }] }));
  const asked: string[] = [];
  const bucket = new Proxy(env.ADAPTERS, {
    get(target, property: keyof R2Bucket) {
      asked.push(`object ${property}`);
      if (property !== 'get' || damage === undefined) {
        return target[property].bind(target);
      }
      return async (key: string) => damaged((await target.get(key)) as R2ObjectBody, damage());
    },
  });
  let work = Promise.resolve();
  const copies = fileCache({
    later(one) {
      work = work.then(one);
    },
    isThere: async () => true,
  });
  const services: Partial<Services> = {
    blobs: withCopies(blobStore(bucket), copies),
    cache: {
      ...copies,
      async open(...file) {
        const found = await copies.open(...file);
        asked.push(found ? 'copy' : 'no copy');
        return found;
      },
      async describe(...file) {
        const found = await copies.describe(...file);
        asked.push(found ? 'copy' : 'no copy');
        return found;
      },
    },
    recorded: createRecorded(),
    time: () => undefined,
    adapters: {
      ...rows,
      async get(id) {
        const row = await rows.get(id);
        asked.push('row known');
        return row;
      },
    },
  };
  const app = new DescribedApp();
  app.use(async (c, next) => {
    c.set('services', services as Services);
    await next();
  });
  registerFileRoutes(app);
  app.onError(onError);
  const read = (id: string, init?: RequestInit, query = '') =>
    app.request(`/v1/adapters/${id}/${WEIGHTS_FILE}${query}`, init);
  /** Forgets what was asked for, once all that comes after the answers is done. */
  async function settle(): Promise<void> {
    await work;
    asked.length = 0;
  }
  return { read, asked, settle, services };
}

/** The object with other bytes: all that it says of itself is as it was. */
function damaged(object: R2ObjectBody, bytes: Uint8Array): R2ObjectBody {
  return new Proxy(object, {
    get: (target, property: keyof R2ObjectBody) =>
      property === 'body'
        ? new Response(bytes as BodyInit).body
        : Reflect.get(target, property, target),
  });
}

test('the first read of a data center is the object alone, the next one of its copy', async () => {
  const { read, asked, settle } = await route();
  const first = await read(ID);
  expect(new Uint8Array(await first.arrayBuffer())).toEqual(BYTES);
  expect(asked).toEqual(['no copy', 'object get']);
  await settle();
  const again = await read(ID.toUpperCase());
  expect(new Uint8Array(await again.arrayBuffer())).toEqual(BYTES);
  expect(asked).toEqual(['copy']);
  expect(Object.fromEntries(again.headers)).toEqual(Object.fromEntries(first.headers));
});

test.each([
  ['HEAD', { method: 'HEAD' }, 200],
  ['If-None-Match', { headers: { 'if-none-match': '*' } }, 304],
] as const)('%s reads no object, and the second time nothing', async (_what, init, status) => {
  const { read, asked, settle } = await route();
  expect((await read(ID, init)).status).toBe(status);
  expect(asked).toEqual(['no copy', 'object head']);
  await settle();
  expect((await read(ID, init)).status).toBe(status);
  expect(asked).toEqual([]);
});

test('If-Match is for the row', async () => {
  const { read, asked } = await route();
  expect((await read(ID, { headers: { 'if-match': '"other"' } })).status).toBe(412);
  expect(asked).toEqual(['row known']);
});

test('a range is a part of the object, then of its copy, and a wrong one is wrong', async () => {
  const { read, asked, settle } = await route();
  const headers = { range: 'bytes=8-9' };
  for (const who of [['no copy', 'object head', 'no copy', 'object get'], ['copy']]) {
    const part = await read(ID, { headers });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 8-9/${BYTES.length}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(BYTES.subarray(8, 10));
    expect(asked).toEqual(who);
    await settle();
  }
  const none = await read(ID, { headers: { range: `bytes=${BYTES.length}-` } });
  expect(none.status).toBe(416);
});

test('an id that no adapter has is unknown', async () => {
  const { read, asked } = await route();
  const none = await read(idOf('6'));
  expect(none.status).toBe(404);
  expect(await none.json()).toMatchObject({ code: 'adapter_unknown' });
  expect(asked).toEqual(['no copy', 'object get', 'row known']);
});

test('bytes that are not those that the object names are neither sent nor copied', async () => {
  const { read, asked, settle } = await route(() =>
    new TextEncoder().encode('weights of an adaptor'),
  );
  const answer = await read(ID);
  // No recipe gives this row's id, so that they cannot be made again either.
  expect(answer.status).toBe(410);
  const said = await answer.text();
  expect(JSON.parse(said)).toMatchObject({ code: 'adapter_outdated' });
  expect(said).not.toContain('weights of');
  expect(asked.slice(0, 3)).toEqual(['no copy', 'object get', 'row known']);
  await settle();
  expect(await caches.default.match(COPY)).toBeUndefined();
});

test('an adapter that was removed is unknown at once, though it was read and copied', async () => {
  const { read, asked, settle, services } = await route();
  await (await read(ID)).arrayBuffer();
  await settle();
  await services.blobs?.remove(ID, [WEIGHTS_FILE]);
  await adapterStore(env.DB).remove(ID);
  asked.length = 0;
  expect((await read(ID)).status).toBe(404);
  expect(asked).toEqual(['no copy', 'object get', 'row known']);
});

test('what is wrong with a request is wrong the second time too', async () => {
  const { read } = await route();
  await (await read(ID)).arrayBuffer();
  for (const query of ['?layout=', '?layout=peft&layout=mlx', '?x=1&x=2']) {
    expect((await read(ID, {}, query)).status).toBe(400);
  }
});
