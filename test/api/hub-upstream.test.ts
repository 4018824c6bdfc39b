import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  COMMIT,
  LARGE_BYTES,
  LARGE_SHA256,
  type OtherHub,
  SMALL,
  SMALL_ETAG,
  startOtherHub,
} from '../hub/other-hub.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const TOKEN = 'hf_thetokenofsomebody';
const headers = { authorization: `Bearer ${TOKEN}`, cookie: `token=${TOKEN}` };

let hub: OtherHub;
let server: TestServer;

beforeAll(async () => {
  hub = await startOtherHub();
  const secrets = { ADMIN_TOKEN, HUB_UPSTREAM: `${hub.origin}/` };
  server = await startServer(secrets);
});

afterAll(async () => {
  expect(hub.requests.length).toBeGreaterThan(5);
  for (const request of hub.requests) {
    expect(request.method).toBe('HEAD');
    expect(JSON.stringify(request.headers)).not.toContain(TOKEN);
    expect(request.headers).not.toHaveProperty('authorization');
  }
  await server.close();
  await hub.close();
});

function head(path: string): Promise<Response> {
  return server.fetch(path, { method: 'HEAD', headers });
}

test.each([
  '/api/models/org/model',
  '/api/models/org/model/revision/refs%2Fpr%2F1?blobs=true',
  '/api/models/org/model/tree/main/sub%20folder?recursive=true',
  '/api/models/org/model/refs',
  '/api/models/org/model/xet-read-token/main',
  '/api/models/gpt2',
  '/api/models/gpt2/tree/main',
  '/api/models?author=org&limit=5',
  '/api/datasets/squad/revision/main',
  '/api/spaces/org/space',
  '/org/model/resolve/main/config.json',
  '/org/model/resolve/refs%2Fpr%2F1/sub/config.json?download=true',
  '/org/model/raw/main/config.json',
  '/gpt2/resolve/main/config.json',
  '/datasets/squad/resolve/main/a/b.parquet',
  '/spaces/org/space/resolve/main/app.py',
])('GET %s is sent on as it came', async (path) => {
  const before = hub.requests.length;
  const response = await server.fetch(path, { headers });
  expect(response.status).toBe(307);
  expect(response.headers.get('location')).toBe(`${hub.origin}${path}`);
  expect(hub.requests).toHaveLength(before);
});

test('POST of paths-info is sent on with its method', async () => {
  const path = '/api/models/org/model/paths-info/main';
  const response = await server.send(path, { paths: ['a'] }, { headers });
  expect(response.status).toBe(307);
  expect(response.headers.get('location')).toBe(`${hub.origin}${path}`);
});

test.each([
  '/org/model/resolve/main/config.json',
  '/gpt2/resolve/main/config.json',
  '/datasets/squad/resolve/main/config.json',
  '/spaces/org/space/resolve/main/config.json',
])('HEAD %s has the metadata and an absolute location', async (path) => {
  const response = await head(path);
  expect(response.status).toBe(307);
  const said = Object.fromEntries(response.headers);
  expect(said).toMatchObject({
    location: `${hub.origin}/api/resolve-cache/models/org/model/${COMMIT}/config.json?etag=%22x%22`,
    'x-repo-commit': COMMIT,
    'x-linked-etag': `"${SMALL_ETAG}"`,
    'x-linked-size': String(SMALL.length),
  });
  expect(Object.keys(said).filter((name) => name.startsWith('x-xet') || name === 'link')).toEqual(
    [],
  );
});

test('HEAD of a large file leads to where the bytes are, without Xet', async () => {
  const response = await head('/org/model/resolve/main/model.safetensors');
  const said = Object.fromEntries(response.headers);
  expect(said).toMatchObject({
    location: 'https://cdn.example/blob?signature=1',
    'x-linked-etag': `"${LARGE_SHA256}"`,
    'x-linked-size': String(LARGE_BYTES),
  });
  expect(Object.keys(said).filter((name) => name.startsWith('x-xet') || name === 'link')).toEqual(
    [],
  );
});

test('metadata is found behind a redirect that has none, and in a plain answer', async () => {
  for (const [file, path] of [
    ['bare.json', '/api/resolve-cache/models/org/model/bare.json'],
    ['plain.json', '/org/model/resolve/main/plain.json'],
  ] as const) {
    const response = await head(`/org/model/resolve/main/${file}`);
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe(`${hub.origin}${path}`);
    expect(response.headers.get('x-repo-commit')).toBe(COMMIT);
    expect(response.headers.get('x-linked-etag')).toContain(SMALL_ETAG);
    expect(response.headers.get('x-linked-size')).toBe(String(SMALL.length));
  }
});

test.each([
  ['missing.json', 404, 'EntryNotFound', COMMIT],
  ['revision.json', 404, 'RevisionNotFound', null],
  ['gated.json', 401, 'GatedRepo', null],
  ['busy.json', 429, null, null],
  ['broken.json', 502, null, null],
  ['mute.json', 502, null, null],
  ['slow.json', 504, null, null],
])('HEAD of %s is %i', async (file, status, code, commit) => {
  const response = await head(`/org/model/resolve/main/${file}`);
  expect(response.status).toBe(status);
  expect(response.headers.get('x-error-code')).toBe(code);
  expect(response.headers.get('x-repo-commit')).toBe(commit);
  expect(response.headers.get('x-error-message')).not.toBe('');
  expect(response.headers.get('retry-after')).toBe(file === 'busy.json' ? '55' : null);
});

test('our own repositories are never asked for elsewhere', async () => {
  const before = hub.requests.length;
  const response = await server.send('/v1/adapters', { description: 'Reverse the list' });
  const { repository } = (await response.json()) as { repository: string };
  const file = await head(`/${repository}/resolve/main/README.md`);
  expect(file.status).toBe(200);
  const missing = await head(`/${repository}/resolve/main/missing.bin`);
  expect([missing.status, missing.headers.get('x-error-code')]).toEqual([404, 'EntryNotFound']);
  expect(hub.requests).toHaveLength(before);
});

test('a hub that is not there is a clear error', async () => {
  const gone = await startOtherHub();
  await gone.close();
  const secrets = { ADMIN_TOKEN, HUB_UPSTREAM: gone.origin };
  const other = await startServer(secrets);
  const response = await other.fetch('/org/model/resolve/main/a.json', { method: 'HEAD' });
  expect(response.status).toBe(502);
  await other.close();
});

test('an address that is none is a fault of the configuration', async () => {
  const secrets = { ADMIN_TOKEN, HUB_UPSTREAM: 'huggingface.co' };
  const other = await startServer(secrets);
  const response = await other.fetch('/api/models/org/model');
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ code: 'upstream_misconfigured' });
  await other.close();
});
