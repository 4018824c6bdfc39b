import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterId } from '../../src/contract/adapter-id.ts';
import { adapterPageSchema, adapterSchema } from '../../src/contract/documents/adapter.ts';
import { defaultBundle } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

type AdapterDocument = ReturnType<typeof adapterSchema.parse>;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

async function make(
  body: Record<string, unknown>,
  on = server,
): Promise<{ status: number; document: AdapterDocument }> {
  const response = await on.send('/v1/adapters', body);
  return { status: response.status, document: adapterSchema.parse(await response.json()) };
}

async function bytesOf(document: AdapterDocument, on = server): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of Object.keys(document.files)) {
    const response = await on.fetch(`/v1/adapters/${document.id}/${name}`);
    files[name] = Buffer.from(await response.arrayBuffer()).toString('base64');
  }
  return files;
}

test('a description becomes an adapter, once', async () => {
  const { manifest, name, version, digest } = await defaultBundle();
  const first = await server.send('/v1/adapters', { description: ' Keep  the first\nword ' });
  expect(first.status).toBe(201);
  expect(first.headers.get('server-timing')).toMatch(/encode;dur=.*run;dur=.*pack;dur=.*hash;dur=/);
  const document = adapterSchema.strict().parse(await first.json());
  expect(first.headers.get('location')).toBe(`/v1/adapters/${document.id}`);
  const id = await adapterId({
    digest,
    precision: manifest.precision,
    dtype: 'float16',
    strength: 1,
    input: { description: 'Keep the first word' },
  });
  expect(document).toMatchObject({
    id,
    description: 'Keep the first word',
    hypernet: { name, version, digest },
    base_model: manifest.target.base_model.id,
    rank: manifest.target.rank,
    alpha: manifest.target.rank,
    target_modules: manifest.target.modules.map((module) => module.name),
    dtype: 'float16',
    precision: manifest.precision,
    strength: 1,
    cached: false,
  });
  expect(Object.keys(document.files)).toEqual(['adapter_model.safetensors', 'adapter_config.json']);
  expect(document.card).toBe(`${server.origin}/v1/adapters/${id}/README.md`);
  const second = await make({ description: 'Keep the first word' });
  expect(second.status).toBe(200);
  expect(second.document).toEqual({ ...document, cached: true });
});

test('an embedding becomes the adapter of its description', async () => {
  const { document } = await make({ description: 'Count the words' });
  const row = await server.env.DB.prepare('SELECT embedding FROM adapters WHERE id = ?')
    .bind(document.id)
    .first<{ embedding: number[] }>();
  const embedding = [...new Float32Array(Uint8Array.from(row?.embedding ?? []).buffer)];
  const given = await make({ embedding });
  expect(given.status).toBe(201);
  expect(given.document.description).toBeNull();
  expect(given.document.id).not.toBe(document.id);
  const weights = 'adapter_model.safetensors';
  expect(given.document.files[weights]?.sha256).toBe(document.files[weights]?.sha256);
});

test('two identical requests at once make one adapter', async () => {
  const body = { description: 'Join the words with dashes', strength: 0.5 };
  const [one, two] = await Promise.all([make(body), make(body)]);
  expect([one.status, two.status].sort()).toEqual([200, 201]);
  expect({ ...one.document, cached: true }).toEqual({ ...two.document, cached: true });
  const rows = await server.env.DB.prepare('SELECT count(*) AS n FROM adapters WHERE id = ?')
    .bind(one.document.id)
    .first<{ n: number }>();
  expect(rows?.n).toBe(1);
});

test('two fresh servers make the same bytes', async () => {
  const other = await startServer();
  for (const options of [{}, { dtype: 'bfloat16', precision: 'float32', strength: -2 }]) {
    const body = { description: 'Drop the last word', ...options };
    const [here, there] = [await make(body), await make(body, other)];
    expect(there.document.id).toBe(here.document.id);
    expect(await bytesOf(there.document, other)).toEqual(await bytesOf(here.document));
  }
  await other.close();
});

test('whatever changes the bytes changes the id', async () => {
  const description = 'Put the words in upper case';
  const bodies = [
    { description },
    { description, dtype: 'float32' },
    { description, dtype: 'bfloat16' },
    { description, strength: 2 },
    { description, precision: 'float32' },
  ];
  const made = await Promise.all(bodies.map((body) => make(body)));
  expect(new Set(made.map(({ document }) => document.id)).size).toBe(bodies.length);
  const hashes = made.map(({ document }) => document.files['adapter_model.safetensors']?.sha256);
  expect(new Set(hashes).size).toBe(bodies.length);
});

test('name, version and digest of a hypernetwork mean the same', async () => {
  const { name, version, digest } = await defaultBundle();
  const ids = new Set<string>();
  for (const hypernet of [undefined, name, `${name}@${version}`, digest]) {
    ids.add((await make({ description: 'Name it', hypernet })).document.id);
  }
  expect(ids.size).toBe(1);
});

test('a document is found by id and by a prefix of it', async () => {
  const { document } = await make({ description: 'Find me' });
  for (const id of [document.id, document.id.slice(0, 12), document.id.slice(0, 40)]) {
    const response = await server.fetch(`/v1/adapters/${id}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ...document, cached: true });
  }
});

test('the list goes through all adapters, newest first, and can be narrowed', async () => {
  const { document } = await make({ description: 'Ein Wort RÜCKWÄRTS' });
  const seen: AdapterDocument[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const response = await server.fetch(`/v1/adapters?limit=2${query}`);
    const page = adapterPageSchema.parse(await response.json());
    expect(page.adapters.length).toBeLessThanOrEqual(2);
    seen.push(...page.adapters);
    cursor = page.next_cursor;
  } while (cursor);
  const rows = await server.env.DB.prepare('SELECT count(*) AS n FROM adapters').first();
  expect(seen).toHaveLength(rows?.n as number);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  const times = seen.map(({ created_at }) => created_at);
  expect(times).toEqual(times.toSorted().reverse());

  const found = await server.fetch(`/v1/adapters?q=${encodeURIComponent('rückwärts')}`);
  expect(adapterPageSchema.parse(await found.json()).adapters).toEqual([
    { ...document, cached: true },
  ]);
  const base = encodeURIComponent(document.base_model);
  const all = await server.fetch(
    `/v1/adapters?base_model=${base}&hypernet=${document.hypernet.name}`,
  );
  expect(adapterPageSchema.parse(await all.json()).adapters).toHaveLength(seen.length);
  const none = await server.fetch('/v1/adapters?hypernet=other');
  expect(await none.json()).toEqual({ adapters: [], next_cursor: null });
});

test('a removed adapter is gone, row and objects, and can be made again', async () => {
  const body = { description: 'Remove me' };
  const { document } = await make(body);
  const bytes = await bytesOf(document);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const path = `/v1/adapters/${document.id}`;
  expect((await server.fetch(path, { method: 'DELETE', headers })).status).toBe(204);
  expect((await server.fetch(path)).status).toBe(404);
  expect((await server.fetch(`${path}/README.md`)).status).toBe(404);
  const left = await server.env.ADAPTERS.list({ prefix: `adapters/${document.id}/` });
  expect(left.objects).toEqual([]);
  expect((await server.fetch(path, { method: 'DELETE', headers })).status).toBe(404);
  const again = await make(body);
  expect(again.status).toBe(201);
  expect(await bytesOf(again.document)).toEqual(bytes);
});
