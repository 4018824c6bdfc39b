import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { startServer, type TestServer } from '../server.ts';

const WEIGHTS = 'adapter_model.safetensors';

let server: TestServer;
let id: string;
let path: string;
let sha256: string;
let whole: Buffer;

beforeAll(async () => {
  server = await startServer();
  const made = await server.send('/v1/adapters', { description: 'Reverse the list' });
  const document = adapterSchema.parse(await made.json());
  id = document.id;
  path = `/v1/adapters/${id}/${WEIGHTS}`;
  sha256 = document.files[WEIGHTS]?.sha256 ?? '';
  whole = Buffer.from(await (await server.fetch(path)).arrayBuffer());
});

afterAll(async () => {
  await server.close();
});

test('every file has the bytes and the hash that the document names', async () => {
  const response = await server.fetch(`/v1/adapters/${id}`);
  const { files } = adapterSchema.parse(await response.json());
  const types: Record<string, string> = {};
  for (const [name, { url, bytes, sha256 }] of Object.entries(files)) {
    // The local proxy compresses text whatever Cache-Control says; Cloudflare's obeys no-transform.
    const file = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    const content = Buffer.from(await file.arrayBuffer());
    expect(content).toHaveLength(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    expect(file.headers.get('etag')).toBe(`"${sha256}"`);
    const base64 = createHash('sha256').update(content).digest('base64');
    expect(file.headers.get('repr-digest')).toBe(`sha-256=:${base64}:`);
    expect(file.headers.get('content-encoding')).toBeNull();
    expect(file.headers.get('content-length')).toBe(String(bytes));
    types[name] = file.headers.get('content-type') ?? '';
  }
  expect(types[WEIGHTS]).toBe('application/octet-stream');
  expect(types['adapter_config.json']).toMatch(/^application\/json/);
});

test('the card has an ETag that is its sha256, and is kept for a while only', async () => {
  const card = `/v1/adapters/${id}/README.md`;
  const response = await server.fetch(card, { headers: { 'accept-encoding': 'identity' } });
  const bytes = Buffer.from(await response.arrayBuffer());
  const hash = createHash('sha256').update(bytes);
  const digest = hash.copy().digest('base64');
  const etag = `"${hash.digest('hex')}"`;
  expect(bytes.toString()).toContain('Reverse the list');
  expect(response.headers.get('content-type')).toMatch(/^text\/markdown/);
  expect(response.headers.get('etag')).toBe(etag);
  expect(response.headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
  expect(response.headers.get('cache-control')).toMatch(/^public, max-age=300\b/);
  const head = await server.fetch(card, { method: 'HEAD' });
  expect(head.headers.get('etag')).toBe(etag);
  expect(head.headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
  const known = await server.fetch(card, { headers: { 'if-none-match': etag } });
  expect(known.status).toBe(304);
  const part = await server.fetch(card, { headers: { range: 'bytes=4-20' } });
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(4, 21));
  expect(await server.env.ADAPTERS.head(`adapters/${id}/README.md`)).toBeNull();
  const hub = await server.fetch(`/t2l/${id}/resolve/${id.slice(0, 40)}/README.md`);
  expect(hub.headers.get('etag')).toBe(etag);
  expect(hub.headers.get('cache-control')).not.toContain('immutable');
});

test('answers may be kept for ever and read by every site', async () => {
  const { headers } = await server.fetch(path);
  expect(headers.get('cache-control')).toMatch(/^public, max-age=31536000, immutable/);
  expect(headers.get('accept-ranges')).toBe('bytes');
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(headers.get('access-control-expose-headers')).toContain('ETag');
  expect(headers.get('access-control-expose-headers')).toContain('Repr-Digest');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('HEAD is GET without the body', async () => {
  const [head, get] = [await server.fetch(path, { method: 'HEAD' }), await server.fetch(path)];
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
  for (const name of [
    'etag',
    'repr-digest',
    'content-length',
    'content-type',
    'cache-control',
    'accept-ranges',
  ]) {
    expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  }
});

test.each([
  [(tag: string) => `"${tag}"`],
  [(tag: string) => `W/"${tag}"`],
  [(tag: string) => `"other", "${tag}"`],
  [() => '*'],
])('If-None-Match that names the file is 304 (%#)', async (value) => {
  const headers = { 'if-none-match': value(sha256) };
  for (const method of ['GET', 'HEAD']) {
    const response = await server.fetch(path, { method, headers });
    expect(response.status).toBe(304);
    expect(response.headers.get('etag')).toBe(`"${sha256}"`);
    expect(await response.text()).toBe('');
  }
});

test('If-None-Match with another tag, and If-Match', async () => {
  const none = await server.fetch(path, { headers: { 'if-none-match': '"other"' } });
  expect(none.status).toBe(200);
  const match = await server.fetch(path, { headers: { 'if-match': `"${sha256}"` } });
  expect(match.status).toBe(200);
  const mismatch = await server.fetch(path, { headers: { 'if-match': '"other"' } });
  expect(mismatch.status).toBe(412);
});

test.each<[string, (size: number) => [first: number, end: number]]>([
  ['bytes=0-0', () => [0, 1]],
  ['bytes=10-99', () => [10, 100]],
  ['bytes=100-', (size) => [100, size]],
  ['bytes=-7', (size) => [size - 7, size]],
  ['bytes=-99999999', (size) => [0, size]],
  ['bytes=5-99999999', (size) => [5, size]],
])('Range: %s', async (range, part) => {
  const [first, end] = part(whole.length);
  const response = await server.fetch(path, { headers: { range } });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/${whole.length}`);
  expect(response.headers.get('content-length')).toBe(String(end - first));
  expect(response.headers.get('etag')).toBe(`"${sha256}"`);
  const digest = createHash('sha256').update(whole).digest('base64');
  expect(response.headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(whole.subarray(first, end));
});

test.each([['bytes=0-1,4-5'], ['lines=0-1']])('Range: %s is answered with all', async (range) => {
  const response = await server.fetch(path, { headers: { range } });
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(whole);
});

test('If-Range lets the range through only for these bytes', async () => {
  const same = { range: 'bytes=0-9', 'if-range': `"${sha256}"` };
  expect((await server.fetch(path, { headers: same })).status).toBe(206);
  for (const value of ['"other"', `W/"${sha256}"`, 'Mon, 23 Nov 2026 00:00:00 GMT']) {
    const headers = { range: 'bytes=0-9', 'if-range': value };
    expect((await server.fetch(path, { headers })).status).toBe(200);
  }
});

test('a prefix of the id leads to the file, but not for ever', async () => {
  const response = await server.fetch(`/v1/adapters/${id.slice(0, 16)}/${WEIGHTS}`);
  expect(response.status).toBe(307);
  expect(response.headers.get('location')).toBe(path);
  expect(response.headers.get('cache-control') ?? '').not.toContain('immutable');
});

/** An adapter that nobody has read yet: of one that somebody has, there is a copy beside R2. */
async function unread(description: string) {
  const made = await server.send('/v1/adapters', { description });
  const { id, files } = adapterSchema.parse(await made.json());
  return { id, path: `/v1/adapters/${id}/${WEIGHTS}`, sha256: files[WEIGHTS]?.sha256 };
}

test('evicted objects are made again with the same bytes and stored again', async () => {
  const { id, path, sha256 } = await unread('Reverse the list, evicted');
  const key = `adapters/${id}/${WEIGHTS}`;
  await server.env.ADAPTERS.delete([key, `adapters/${id}/adapter_config.json`]);
  const headers = { range: 'bytes=8-20' };
  const part = await server.fetch(path, { headers });
  expect(part.status).toBe(206);
  expect(part.headers.get('server-timing')).toContain('remake;dur=');
  const bytes = Buffer.from(await part.arrayBuffer());
  const again = await server.fetch(path);
  expect(again.headers.get('server-timing')).not.toContain('remake');
  const whole = Buffer.from(await again.arrayBuffer());
  expect(createHash('sha256').update(whole).digest('hex')).toBe(sha256);
  expect(bytes).toEqual(whole.subarray(8, 21));
  const config = await server.env.ADAPTERS.head(`adapters/${id}/adapter_config.json`);
  expect(config?.size).toBeGreaterThan(0);
});

test('an object with other bytes is never served', async () => {
  const { id, path, sha256 } = await unread('Reverse the list, replaced');
  await server.env.ADAPTERS.put(`adapters/${id}/${WEIGHTS}`, 'not the weights');
  const response = await server.fetch(path);
  expect(response.status).toBe(200);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
});

test('bytes that cannot be made again are an error, and nothing is served', async () => {
  const made = await server.send('/v1/adapters', { description: 'Change me' });
  const document = adapterSchema.parse(await made.json());
  await server.env.ADAPTERS.delete(`adapters/${document.id}/${WEIGHTS}`);
  const other = Buffer.alloc(384 * 4);
  other.writeFloatLE(1, 0);
  await server.env.DB.prepare('UPDATE adapters SET embedding = ? WHERE id = ?')
    .bind([...other], document.id)
    .run();
  const response = await server.fetch(`/v1/adapters/${document.id}/${WEIGHTS}`);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ code: 'adapter_bytes_changed' });
  expect(await server.env.ADAPTERS.head(`adapters/${document.id}/${WEIGHTS}`)).toBeNull();
});
