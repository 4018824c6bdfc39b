import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterId, createClient, type T2lClient, T2lError } from '../../src/sdk/index.ts';
import { defaultBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

let server: TestServer;
let client: T2lClient;
let admin: T2lClient;

beforeAll(async () => {
  server = await startServer();
  client = createClient({ endpoint: server.origin });
  admin = createClient({ endpoint: `${server.origin}/`, token: ADMIN_TOKEN });
});

afterAll(async () => {
  await server.close();
});

async function failureOf(promise: Promise<unknown>): Promise<T2lError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(T2lError);
  return error as T2lError;
}

test('a description becomes an adapter whose files are those of the document', async () => {
  const document = await client.generate({ description: 'Keep the first word' });
  expect(document.cached).toBe(false);
  for (const [name, { bytes, sha256 }] of Object.entries(document.files)) {
    const file = await client.download(document, name);
    expect(file).toHaveLength(bytes);
    expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
  }
  const known = { ...document, cached: true };
  expect(await client.generate({ description: 'Keep  the first word ' })).toEqual(known);
  expect(await client.adapter(document.id)).toEqual(known);
  expect(await client.adapter(document.id.slice(0, 12))).toEqual(known);
  expect(await client.byDescription('Keep the first word')).toEqual(known);
  const { name } = document.hypernet;
  expect(await client.byDescription('Keep the first word', name)).toEqual(known);
});

test('other layouts of an adapter are downloaded as the document lists them', async () => {
  const document = await client.generate({ description: 'Keep the first word' });
  const { mlx = {}, gguf = {} } = document.formats;
  expect(Object.keys(mlx).sort()).toEqual(['adapter_config.json', 'adapters.safetensors']);
  for (const [name, url] of Object.entries({ ...mlx, ...gguf })) {
    const layout = name in mlx ? ('mlx' as const) : undefined;
    const bytes = await client.download(document, name, { layout });
    expect(bytes).toEqual(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  }
  const stored = await client.download(document, 'adapter_config.json');
  expect(await client.download(document, 'adapter_config.json', { layout: 'peft' })).toEqual(
    stored,
  );
  expect(await client.download(document, 'adapter_config.json', { layout: 'mlx' })).not.toEqual(
    stored,
  );
});

test('a byte that changes on its way to the client is noticed in every layout', async () => {
  const document = await client.generate({ description: 'Keep the first word' });
  const behindDamage = createClient({
    endpoint: server.origin,
    async fetch(url, init) {
      const answer = await fetch(url, init);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      return new Response(bytes, { status: answer.status, headers: answer.headers });
    },
  });
  expect(Object.keys(document.formats)).toEqual(expect.arrayContaining(['gguf', 'mlx']));
  for (const name of Object.keys(document.files)) {
    const failure = await failureOf(behindDamage.download(document, name));
    expect([name, failure.code]).toEqual([name, 'download_corrupt']);
  }
  for (const [format, files] of Object.entries(document.formats)) {
    const layout = format === 'mlx' || format === 'workers-ai' ? format : undefined;
    for (const name of Object.keys(files)) {
      const failure = await failureOf(behindDamage.download(document, name, { layout }));
      expect([name, failure.code]).toEqual([name, 'download_corrupt']);
      expect(failure.detail).toContain("the answer's Repr-Digest says");
    }
  }
});

test('ids are known before the adapters are made', async () => {
  const { digest, name, version, manifest } = await defaultBundle();
  const { precision } = manifest;
  const embedding = Array.from({ length: manifest.encoder.dim }, (_, i) => Math.sin(i) / 10);
  for (const request of [
    { description: ' Say it\n backwards' },
    { description: 'Say it backwards', dtype: 'bfloat16', strength: -0.5 },
    { embedding },
    { embedding: Float32Array.from(embedding), strength: 2 },
  ] as const) {
    const { id } = await client.generate(request);
    expect(await adapterId({ ...request, digest, precision })).toBe(id);
    for (const hypernet of [undefined, name, `${name}@${version}`, digest]) {
      expect(await client.adapterId({ ...request, hypernet })).toBe(id);
    }
  }
});

test('a client asks only once which hypernetworks there are', async () => {
  const paths: string[] = [];
  const counting = createClient({
    endpoint: server.origin,
    fetch: (url, init) => {
      paths.push(new URL(url).pathname);
      return fetch(url, init);
    },
  });
  const ids = await Promise.all(
    ['one', 'two', 'three'].map((description) => counting.adapterId({ description })),
  );
  expect(new Set(ids).size).toBe(3);
  expect(paths).toEqual(['/v1/hypernets']);
  const unknown = await failureOf(counting.adapterId({ description: 'x', hypernet: 'nobody' }));
  expect([unknown.code, unknown.status]).toEqual(['hypernet_unknown', 404]);
});

test('the list comes page by page, or adapter by adapter', async () => {
  for (const number of [1, 2, 3, 4, 5]) {
    await client.generate({ description: `Listed number ${number}` });
  }
  const page = await client.adapters({ q: 'listed number', limit: 2 });
  expect(page.adapters.map(({ description }) => description)).toEqual([
    'Listed number 5',
    'Listed number 4',
  ]);
  const all: (string | null)[] = [];
  for await (const { description } of client.allAdapters({ q: 'listed number', limit: 2 })) {
    all.push(description);
  }
  expect(all).toEqual([5, 4, 3, 2, 1].map((number) => `Listed number ${number}`));
});

test('a problem of the endpoint keeps its code, status, sentence and members', async () => {
  const empty = await failureOf(client.generate({ description: ' ' }));
  expect(empty).toMatchObject({ code: 'description_empty', status: 400 });
  expect(empty.detail).toMatch(/^description must say what the adapter is to do/);
  const none = await failureOf(client.adapter('0'.repeat(64)));
  expect(none).toMatchObject({ code: 'adapter_unknown', status: 404 });
  const document = await client.generate({ description: 'Keep the first word' });
  const file = await failureOf(client.download(document, 'weights.bin'));
  expect(file).toMatchObject({ code: 'file_unknown', status: 404 });
  expect(await failureOf(client.hypernet('nobody'))).toMatchObject({ code: 'hypernet_unknown' });
});

test('administrative calls need the token and do what they say', async () => {
  const { id } = await client.generate({ description: 'Remove me' });
  expect(await failureOf(client.remove(id))).toMatchObject({ code: 'admin_token_missing' });
  expect(await admin.remove(id)).toBeUndefined();
  expect(await failureOf(client.adapter(id))).toMatchObject({ code: 'adapter_unknown' });

  const { name, version } = await defaultBundle();
  const bundle = await uploadVariant(server.env, '9.1.0');
  const registered = await admin.register(bundle);
  expect(registered.versions.map((one) => one.version)).toContain('9.1.0');
  const activated = await admin.activate(name, { version: '9.1.0' });
  expect(activated.active).toBe(bundle.digest);
  expect((await client.health()).hypernet).toMatchObject({ name, version: '9.1.0' });
  const back = await admin.activate(name, { rollback: true, expected: bundle.digest });
  expect(back.active).toBe(back.versions.find((one) => one.version === version)?.digest);
  expect((await client.hypernet(name)).active).toBe(back.active);
  const { versions } = await admin.yank(name, '9.1.0', 'It was a test.');
  expect(versions.find((one) => one.version === '9.1.0')?.yanked?.reason).toBe('It was a test.');
});
