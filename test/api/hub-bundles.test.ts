import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { defaultBundle, miniBundle, uploadVariant } from '../bundles.ts';
import { readAsset } from '../fixtures/assets.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;
let bundle: Awaited<ReturnType<typeof defaultBundle>>;

beforeAll(async () => {
  server = await startServer();
  bundle = await defaultBundle();
});

afterAll(async () => {
  await server.close();
});

interface Entry {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly lfs?: { readonly oid: string };
}

async function json<T>(path: string): Promise<T> {
  const response = await server.fetch(path);
  expect(response.status, path).toBe(200);
  return response.json() as Promise<T>;
}

async function expectListedBytes(repository: string, revision: string): Promise<number> {
  const tree = await json<Entry[]>(
    `/api/models/${repository}/tree/${encodeURIComponent(revision)}?recursive=true`,
  );
  const files = tree.filter(({ type }) => type === 'file');
  for (const { path, size, lfs } of files) {
    const response = await server.fetch(`/${repository}/resolve/${revision}/${path}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect([path, bytes.length]).toEqual([path, size]);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(lfs?.oid);
  }
  return files.length;
}

test('a hypernetwork is a repository with every file of its bundle', async () => {
  const { name, version, digest, manifest } = bundle;
  const commit = digest.slice(0, 40);
  expect(await json(`/api/models/t2l/${name}`)).toMatchObject({ id: `t2l/${name}`, sha: commit });
  expect(await json(`/api/models/t2l/${name}/refs`)).toMatchObject({
    branches: [{ name: 'main', targetCommit: commit }],
    tags: expect.arrayContaining([
      { name: `v${version}`, ref: `refs/tags/v${version}`, targetCommit: commit },
    ]),
  });
  const count = await expectListedBytes(`t2l/${name}`, `v${version}`);
  expect(count).toBe(Object.keys(manifest.files).length + 1);
  const root = await json<Entry[]>(`/api/models/t2l/${name}/tree/main`);
  expect(root).toContainEqual(expect.objectContaining({ type: 'directory', path: 'encoders' }));
  expect(root.filter(({ path }) => path.includes('/'))).toEqual([]);
  const encoder = Object.keys(manifest.files).find((path) => path.startsWith('encoders/')) ?? '';
  const folder = encoder.split('/').slice(0, 2).join('/');
  const below = await json<Entry[]>(`/api/models/t2l/${name}/tree/main/${folder}`);
  expect(below.map(({ path }) => path)).toContain(encoder);
});

test('a part of a file of the static assets', async () => {
  const { name, version } = bundle;
  const manifest = Buffer.from(await readAsset(`hypernets/${name}/${version}/manifest.json`));
  const path = `/t2l/${name}/resolve/main/manifest.json`;
  for (const [range, start, end] of [
    ['bytes=0-0', 0, 1],
    ['bytes=4000-41000', 4000, 41001],
    ['bytes=-5', manifest.length - 5, manifest.length],
  ] as const) {
    const part = await server.fetch(path, { headers: { range } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(manifest.subarray(start, end));
  }
});

test('main follows the active version; its files come from the bucket', async () => {
  const { name } = bundle;
  const variant = await uploadVariant(server.env, '9.0.0');
  await server.send('/v1/hypernets', variant, { headers });
  const commit = variant.digest.slice(0, 40);
  expect(await json(`/api/models/t2l/${name}/revision/v9.0.0`)).toMatchObject({ sha: commit });
  expect(await json(`/api/models/t2l/${name}`)).toMatchObject({
    sha: bundle.digest.slice(0, 40),
  });
  const path = `/v1/hypernets/${name}/active`;
  await server.send(path, { version: '9.0.0' }, { method: 'PUT', headers });
  expect(await json(`/api/models/t2l/${name}`)).toMatchObject({ sha: commit });
  expect(await expectListedBytes(`t2l/${name}`, commit)).toBeGreaterThan(3);
  const old = await json(`/api/models/t2l/${name}/revision/v${bundle.version}`);
  expect(old).toMatchObject({ sha: bundle.digest.slice(0, 40) });
  const back = { rollback: true, expected: variant.digest };
  await server.send(path, back, { method: 'PUT', headers });
  expect(await json(`/api/models/t2l/${name}`)).toMatchObject({ sha: bundle.digest.slice(0, 40) });
});

test('a file of the bucket that is not the listed one is not served', async () => {
  const { name } = bundle;
  const variant = await uploadVariant(server.env, '9.1.0');
  await server.send('/v1/hypernets', variant, { headers });
  await server.env.HYPERNETS.put(`${name}/9.1.0/fit.f16`, 'short');
  const response = await server.fetch(`/t2l/${name}/resolve/v9.1.0/fit.f16`);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ code: 'bundle_digest_mismatch' });
});

test('an adapter id wins over a hypernetwork that calls itself so', async () => {
  const made = await server.send('/v1/adapters', { description: 'Reverse the list' });
  const { id, repository } = adapterSchema.parse(await made.json());
  const name = id.slice(0, 16);
  const variant = await uploadVariant(server.env, '1.0.0', (manifest) => {
    manifest.name = name;
  });
  const stored = await server.env.HYPERNETS.list({ prefix: `${variant.name}/1.0.0/` });
  for (const { key } of stored.objects) {
    const object = await server.env.HYPERNETS.get(key);
    const moved = `${name}/${key.split('/').slice(1).join('/')}`;
    await server.env.HYPERNETS.put(moved, (await object?.arrayBuffer()) ?? '');
  }
  const registered = await server.send('/v1/hypernets', { ...variant, name }, { headers });
  expect(registered.status).toBe(201);
  expect(await json(`/api/models/t2l/${name}`)).toMatchObject({ id: repository });
  await server.fetch(`/v1/adapters/${id}`, { method: 'DELETE', headers });
  expect(await json(`/api/models/t2l/${name}/revision/v1.0.0`)).toMatchObject({
    id: `t2l/${name}`,
  });
  const main = await server.fetch(`/api/models/t2l/${name}`);
  expect([main.status, main.headers.get('x-error-code')]).toEqual([404, 'RevisionNotFound']);
});

test('the base model of t2l-mini is a repository, at the revision the manifest names', async () => {
  const { id, revision } = (await miniBundle()).manifest.target.base_model;
  expect(await json(`/api/models/${id}`)).toMatchObject({ id, sha: revision });
  expect(await expectListedBytes(id, revision)).toBeGreaterThan(3);
});
