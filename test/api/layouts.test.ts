import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Format, formatFiles } from '../../src/adapter/layouts.ts';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { readSafetensors } from '../../src/adapter/safetensors.ts';
import type { Target } from '../../src/bundle/manifest.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import type { Dtype } from '../../src/pipeline/produce.ts';
import { miniBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

type Document = ReturnType<typeof adapterSchema.parse>;

const BASE = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base/config.json');

let server: TestServer;
/** Of the variant that names its base model's heads. */
let target: Target;
let document: Document;

beforeAll(async () => {
  server = await startServer();
  const config = JSON.parse(await readFile(BASE, 'utf8'));
  target = {
    ...(await miniBundle()).manifest.target,
    attention: {
      heads: config.num_attention_heads,
      kv_heads: config.num_key_value_heads,
      head_dim: config.head_dim,
    },
  };
  document = await make(await register('90.0.0', target));
});

afterAll(async () => {
  await server.close();
});

/** A variant of t2l-mini for another target; gives how to ask for it. */
async function register(version: string, target: Target): Promise<string> {
  const change = (manifest: Record<string, unknown>) => {
    manifest.target = target;
  };
  const bundle = await uploadVariant(server.env, version, change, miniBundle());
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  expect((await server.send('/v1/hypernets', bundle, { headers })).status).toBe(201);
  return `${bundle.name}@${version}`;
}

async function make(hypernet: string, dtype: Dtype = 'float16', strength = 1): Promise<Document> {
  const { dim } = (await miniBundle()).manifest.encoder;
  const embedding = Array.from({ length: dim }, (_, at) => Math.sin(at) / Math.sqrt(dim / 2));
  const made = await server.send('/v1/adapters', { embedding, hypernet, dtype, strength });
  expect(made.status).toBe(201);
  return adapterSchema.parse(await made.json());
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

async function bytesOf(path: string): Promise<Uint8Array> {
  const response = await server.fetch(path);
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

function urls({ formats }: Document): [Format, string, string][] {
  return Object.entries(formats).flatMap(([format, files]) =>
    Object.entries(files).map(([name, url]): [Format, string, string] => [
      format as Format,
      name,
      pathOf(url),
    ]),
  );
}

async function problem(path: string): Promise<unknown> {
  const response = await server.fetch(path);
  return { ...((await response.json()) as object), status: response.status };
}

test('the document names every format, and its URLs give the files that its weights make', async () => {
  expect(urls(document).map(([format, name]) => `${format}/${name}`)).toEqual([
    'gguf/adapter.gguf',
    'workers-ai/adapter_model.safetensors',
    'workers-ai/adapter_config.json',
    'mlx/adapters.safetensors',
    'mlx/adapter_config.json',
  ]);
  const weights = await bytesOf(`/v1/adapters/${document.id}/${WEIGHTS_FILE}`);
  const facts = { id: document.id, target, dtype: 'float16' as const };
  for (const [format, name, path] of urls(document)) {
    const file = formatFiles(format, facts).find((one) => one.name === name);
    expect(await bytesOf(path)).toEqual(await file?.make(async () => weights));
  }
  const same = await server.fetch(`/v1/adapters/${document.id}`);
  expect(adapterSchema.parse(await same.json()).formats).toEqual(document.formats);
  const page = (await (await server.fetch('/v1/adapters')).json()) as { adapters: Document[] };
  expect(page.adapters.find(({ id }) => id === document.id)?.formats).toEqual(document.formats);
});

test('HEAD knows size and tag without making the file, and so does If-None-Match', async () => {
  const tags = new Set<string>();
  for (const [, , path] of urls(document)) {
    // The local proxy compresses text whatever Cache-Control says; Cloudflare's obeys no-transform.
    const headers = { 'accept-encoding': 'identity' };
    const head = await server.fetch(path, { method: 'HEAD', headers });
    const get = await server.fetch(path, { headers });
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const name of ['etag', 'content-length', 'content-type', 'cache-control']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(get.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength));
    // Made by this code, so a release may change it: it is asked about again, by its tag.
    expect(get.headers.get('cache-control')).toBe('public, max-age=300, no-transform');
    expect(get.headers.get('server-timing')).toContain('layout;dur=');
    const etag = get.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    const known = await server.fetch(path, { headers: { 'if-none-match': etag } });
    expect(known.status).toBe(304);
    for (const response of [head, known]) {
      expect(response.headers.get('server-timing')).not.toContain('layout');
    }
    tags.add(etag);
  }
  expect(tags.size).toBe(urls(document).length);
});

test('a range of a file that is made on demand', async () => {
  const path = `/v1/adapters/${document.id}/adapter.gguf`;
  const whole = await bytesOf(path);
  const part = await server.fetch(path, { headers: { range: 'bytes=4-35' } });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe(`bytes 4-35/${whole.length}`);
  expect(part.headers.get('content-length')).toBe('32');
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.subarray(4, 36));
  const beyond = { headers: { range: `bytes=${whole.length}-` } };
  expect((await server.fetch(path, beyond)).status).toBe(416);
});

test('what is made has the sha256 of the whole in Repr-Digest, also when only a part is sent', async () => {
  const paths = urls(document).map(([, , path]) => path);
  expect(new Set(paths).size).toBe(5);
  for (const path of [...paths, `/v1/adapters/${document.id}/${WEIGHTS_FILE}?layout=peft`]) {
    const whole = await server.fetch(path);
    const bytes = Buffer.from(await whole.arrayBuffer());
    const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    expect([path, whole.headers.get('repr-digest')]).toEqual([path, digest]);
    const part = await server.fetch(path, { headers: { range: 'bytes=3-9' } });
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(3, 10));
    expect([part.status, part.headers.get('repr-digest')]).toEqual([206, digest]);
  }
});

test('HEAD has the Repr-Digest of what is stored, and makes nothing to have another', async () => {
  const stored = await server.fetch(`/v1/adapters/${document.id}/${WEIGHTS_FILE}`, {
    method: 'HEAD',
  });
  const sha256 = Buffer.from(document.files[WEIGHTS_FILE]?.sha256 ?? '', 'hex');
  expect(stored.headers.get('repr-digest')).toBe(`sha-256=:${sha256.toString('base64')}:`);
  for (const [, , path] of urls(document)) {
    const made = await server.fetch(path, { method: 'HEAD' });
    expect([path, made.status, made.headers.get('repr-digest')]).toEqual([path, 200, null]);
  }
});

test('layout=peft is what is stored, and other layouts store nothing', async () => {
  const path = `/v1/adapters/${document.id}/${WEIGHTS_FILE}`;
  const response = await server.fetch(`${path}?layout=peft`);
  expect(response.headers.get('etag')).toBe(`"${document.files[WEIGHTS_FILE]?.sha256}"`);
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(await bytesOf(path));
  const { objects } = await server.env.ADAPTERS.list({ prefix: `adapters/${document.id}/` });
  expect(objects).toHaveLength(Object.keys(document.files).length);
});

test('a float32 adapter is float16 for Workers AI, and float32 elsewhere', async () => {
  const { id } = await make(`${document.hypernet.name}@90.0.0`, 'float32');
  const types = async (file: string) => {
    const tensors = readSafetensors(await bytesOf(`/v1/adapters/${id}/${file}`));
    return new Set([...tensors.values()].map(({ dtype }) => dtype));
  };
  expect(await types(`${WEIGHTS_FILE}?layout=workers-ai`)).toEqual(new Set(['F16']));
  expect(await types('adapters.safetensors?layout=mlx')).toEqual(new Set(['F32']));
});

test('a prefix of the id leads to the same layout', async () => {
  const path = `/v1/adapters/${document.id.slice(0, 16)}/adapters.safetensors?layout=mlx`;
  const response = await server.fetch(path);
  expect(response.status).toBe(307);
  expect(response.headers.get('location')).toBe(path.replace(/\w{16}\/a/, `${document.id}/a`));
});

test('evicted weights are made again for another layout', async () => {
  const path = `/v1/adapters/${document.id}/adapter.gguf`;
  const before = await bytesOf(path);
  await server.env.ADAPTERS.delete(`adapters/${document.id}/${WEIGHTS_FILE}`);
  expect(await bytesOf(path)).toEqual(before);
});

test.each([
  [`${WEIGHTS_FILE}?layout=onnx`, 400, 'layout_unknown', /one of peft, workers-ai, mlx/],
  [`${WEIGHTS_FILE}?layout=`, 400, 'layout_unknown', /one of peft/],
  [`${WEIGHTS_FILE}?layout=mlx`, 404, 'file_unknown', /adapters\.safetensors, adapter_config/],
  [`${WEIGHTS_FILE}?layout=peft&layout=mlx`, 400, 'parameter_repeated', /layout stands 2 times/],
  ['adapter.gguf?layout=mlx', 404, 'file_unknown', /adapters\.safetensors/],
  ['README.md?layout=workers-ai', 404, 'file_unknown', /adapter_model\.safetensors/],
  ['adapter.bin', 404, 'file_unknown', /README\.md, adapter\.gguf/],
])('refused: %s', async (file, status, code, detail) => {
  expect(await problem(`/v1/adapters/${document.id}/${file}`)).toMatchObject({
    status,
    code,
    detail: expect.stringMatching(detail),
  });
});

test('what a base model cannot have is left out of the document and refused', async () => {
  const base_model = { ...target.base_model, architecture: 'gemma2' };
  const gemma = await make(await register('91.0.0', { ...target, base_model }));
  expect(Object.keys(gemma.formats)).toEqual(['gguf', 'mlx']);
  expect(await problem(`/v1/adapters/${gemma.id}/${WEIGHTS_FILE}?layout=workers-ai`)).toMatchObject(
    { status: 422, code: 'layout_unavailable' },
  );
  const { attention: _heads, ...headless } = target;
  const old = await make(await register('92.0.0', headless));
  expect(Object.keys(old.formats)).toEqual(['workers-ai', 'mlx']);
  expect(await problem(`/v1/adapters/${old.id}/adapter.gguf`)).toMatchObject({
    status: 422,
    code: 'layout_unavailable',
    detail: expect.stringContaining('target.attention'),
  });
});

async function removeBundle({ hypernet }: Document): Promise<void> {
  await server.env.DB.prepare('DELETE FROM hypernets WHERE digest = ?').bind(hypernet.digest).run();
}

async function read(id: string): Promise<Document> {
  return adapterSchema.parse(await (await server.fetch(`/v1/adapters/${id}`)).json());
}

test('an adapter whose bundle was replaced keeps its layouts, byte for byte, but not its card', async () => {
  const old = await make(await register('93.0.0', target));
  const before = await Promise.all(urls(old).map(([, , path]) => bytesOf(path)));
  await removeBundle(old);
  const now = await read(old.id);
  expect(now.formats).toEqual(old.formats);
  expect(now).not.toHaveProperty('card');
  expect(await Promise.all(urls(now).map(([, , path]) => bytesOf(path)))).toEqual(before);
  const README = `/v1/adapters/${old.id}/README.md`;
  expect(await problem(README)).toMatchObject({ status: 404, code: 'hypernet_unknown' });
});

test('an adapter whose bundle is gone, and no other is like it, keeps its stored files alone', async () => {
  const base_model = { ...target.base_model, id: 'somebody/else' };
  const old = await make(await register('94.0.0', { ...target, base_model }));
  await removeBundle(old);
  expect((await read(old.id)).formats).toEqual({});
  expect((await server.fetch(`/v1/adapters/${old.id}/${WEIGHTS_FILE}`)).status).toBe(200);
  expect(await problem(`/v1/adapters/${old.id}/adapter.gguf`)).toMatchObject({
    status: 404,
    code: 'hypernet_unknown',
  });
});

test('a file that comes out otherwise than at its first making is not served', async () => {
  const path = `/v1/adapters/${document.id}/adapter.gguf`;
  const sha256 = createHash('sha256')
    .update(await bytesOf(path))
    .digest('hex');
  const noted = (now: string) =>
    server.env.DB.prepare('UPDATE layouts SET sha256 = ?1 WHERE adapter_id = ?2 AND sha256 = ?3')
      .bind(now, document.id, now === sha256 ? 'f'.repeat(64) : sha256)
      .run();
  expect((await noted('f'.repeat(64))).meta.changes).toBe(1);
  expect(await problem(path)).toMatchObject({ status: 500, code: 'adapter_bytes_changed' });
  await noted(sha256);
  await bytesOf(path);
});

test('an adapter that is removed leaves no trace of its layouts', async () => {
  const { id } = await make(`${document.hypernet.name}@90.0.0`, 'float32', 0.5);
  await bytesOf(`/v1/adapters/${id}/adapters.safetensors?layout=mlx`);
  const left = () =>
    server.env.DB.prepare('SELECT count(*) AS n FROM layouts WHERE adapter_id = ?')
      .bind(id)
      .first();
  expect(await left()).toEqual({ n: 1 });
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  expect((await server.fetch(`/v1/adapters/${id}`, { method: 'DELETE', headers })).status).toBe(
    204,
  );
  expect(await left()).toEqual({ n: 0 });
});

test('writing a layout is limited a minute, and what need not be written is not', async () => {
  const limited = await startServer({ ADMIN_TOKEN, LIMITS: '' }, { rates: { CONVERSIONS: 2 } });
  const made = await limited.send('/v1/adapters', { description: 'Reverse it.' });
  const { id } = (await made.json()) as { id: string };
  async function statusOf(file: string, init?: RequestInit): Promise<number> {
    const answer = await limited.fetch(`/v1/adapters/${id}/${file}`, init);
    await answer.body?.cancel();
    return answer.status;
  }
  expect(await statusOf('adapter.gguf')).toBe(200);
  expect(await statusOf('adapters.safetensors?layout=mlx')).toBe(200);
  const refused = await limited.fetch(`/v1/adapters/${id}/adapter.gguf`);
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    429,
    '60',
    { code: 'rate_limited' },
  ]);
  for (let time = 0; time < 3; time++) {
    expect(await statusOf(WEIGHTS_FILE)).toBe(200);
    expect(await statusOf('adapter_config.json?layout=mlx')).toBe(200);
    expect(await statusOf('adapter.gguf', { method: 'HEAD' })).toBe(200);
  }
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  expect(await statusOf('adapter.gguf', { headers })).toBe(200);
  await limited.close();
});
