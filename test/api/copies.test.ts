/**
 * The copies that a data center keeps of files that were read, and what an isolate remembers for a minute:
 * never other bytes, never for who may not read, and gone at once with the adapter.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const WEIGHTS = 'adapter_model.safetensors';
const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };

async function make(server: TestServer, description: string, init?: RequestInit) {
  const made = await server.send('/v1/adapters', { description }, init);
  expect(made.status).toBe(201);
  return adapterSchema.parse(await made.json());
}

function pathsOf({ id, repository }: AdapterDocument): readonly string[] {
  return [`/v1/adapters/${id}/${WEIGHTS}`, `/${repository}/resolve/main/${WEIGHTS}`];
}

async function read(server: TestServer, path: string, init?: RequestInit) {
  const response = await server.fetch(path, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { response, bytes, sha256, headers: comparable(response) };
}

/** All headers but the one with times, and what is the connection's. */
function comparable({ headers }: Response): Record<string, string> {
  const others = [...headers].filter(([name]) => !['server-timing', 'connection'].includes(name));
  return Object.fromEntries(others);
}

/** Copies are put after the answer. */
async function readTillCopied(server: TestServer, adapter: AdapterDocument): Promise<void> {
  const [path = ''] = pathsOf(adapter);
  await read(server, path);
  await new Promise((resolve) => setTimeout(resolve, 300));
}

describe('a public endpoint', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.close());

  test('gives a copy as it gives the file: the same bytes, headers, parts and heads', async () => {
    const adapter = await make(server, 'Reverse the list');
    const uncached = await startServer({ ADMIN_TOKEN }, { copies: false });
    await make(uncached, 'Reverse the list');
    await readTillCopied(server, adapter);
    // What R2 has is gone: whatever comes now is the copy or what the isolate remembers.
    await server.env.ADAPTERS.delete(`adapters/${adapter.id}/${WEIGHTS}`);
    const tag = `"${adapter.files[WEIGHTS]?.sha256}"`;
    const asks: readonly RequestInit[] = [
      {},
      { method: 'HEAD' },
      { headers: { range: 'bytes=5-104' } },
      { headers: { range: 'bytes=-7' } },
      { headers: { range: 'bytes=5-', 'if-range': tag } },
      { headers: { range: 'bytes=5-', 'if-range': '"other"' } },
      { headers: { range: 'bytes=0-1,4-5' } },
      { headers: { range: 'bytes=99999999-' } },
      { headers: { range: 'bytes=7-5' } },
      { headers: { 'if-none-match': tag } },
      { headers: { 'if-none-match': `"a", W/${tag}` } },
      { headers: { 'if-none-match': '"other"' } },
      { method: 'HEAD', headers: { 'if-none-match': tag } },
      { headers: { 'if-match': tag } },
      { headers: { 'if-match': '"other"', 'if-none-match': tag } },
    ];
    for (const path of pathsOf(adapter).filter((one) => one.startsWith('/v1/'))) {
      for (const init of asks) {
        const what = JSON.stringify([path, init]);
        const [copy, file] = [await read(server, path, init), await read(uncached, path, init)];
        expect([what, copy.response.status]).toEqual([what, file.response.status]);
        expect([what, copy.headers]).toEqual([what, file.headers]);
        expect(copy.bytes.equals(file.bytes), what).toBe(true);
      }
    }
    await uncached.close();
  });

  test('gives clients of the Hub the copy with the same headers, by branch and by commit', async () => {
    const adapter = await make(server, 'Keep the first word');
    const { id, repository } = adapter;
    const answers = new Map<string, unknown>();
    for (const revision of ['main', id.slice(0, 40)]) {
      const path = `/${repository}/resolve/${revision}/${WEIGHTS}`;
      const first = await read(server, path);
      await readTillCopied(server, adapter);
      const copy = await read(server, path);
      expect(copy.headers).toEqual(first.headers);
      expect(copy.sha256).toBe(adapter.files[WEIGHTS]?.sha256);
      answers.set(revision, copy.headers['cache-control']);
    }
    expect([...answers.values()]).toEqual([
      expect.stringContaining('no-cache'),
      expect.stringContaining('immutable'),
    ]);
  });

  test('forgets an adapter that is removed at once, however it was read', async () => {
    const adapter = await make(server, 'Keep the last word');
    const { id } = adapter;
    await readTillCopied(server, adapter);
    const document = await server.fetch(`/v1/adapters/${id}`);
    const tags = [adapter.files[WEIGHTS]?.sha256, document.headers.get('etag')?.slice(1, -1)];
    const paths = [...pathsOf(adapter), `/v1/adapters/${id}`];
    const inits: readonly RequestInit[] = [
      {},
      { headers: { 'if-none-match': tags.map((tag) => `"${tag}"`).join(', ') } },
      { headers: { 'if-none-match': `"${tags[0]}"` } },
      { headers: { 'if-none-match': `"${tags[1]}"` } },
      { method: 'HEAD' },
      { headers: { range: 'bytes=0-9' } },
    ];
    for (const path of paths) {
      for (const init of inits) {
        expect((await read(server, path, init)).response.ok || init.headers !== undefined).toBe(
          true,
        );
      }
    }
    const gone = await server.fetch(`/v1/adapters/${id}`, { method: 'DELETE', headers: admin });
    expect(gone.status).toBe(204);
    for (const path of paths) {
      for (const init of inits) {
        const { response } = await read(server, path, init);
        expect([path, init, response.status]).toEqual([path, init, 404]);
      }
    }
  });

  test('a copy that is on its way while the adapter is removed does not stay', async () => {
    for (let round = 0; round < 8; round++) {
      const adapter = await make(server, `Keep the word number ${round}`);
      const [path = ''] = pathsOf(adapter);
      const reads = Array.from({ length: 6 }, () => read(server, path));
      const gone = server.fetch(`/v1/adapters/${adapter.id}`, { method: 'DELETE', headers: admin });
      expect((await gone).status).toBe(204);
      for (const { response, sha256 } of await Promise.all(reads)) {
        expect(response.status === 404 || sha256 === adapter.files[WEIGHTS]?.sha256).toBe(true);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect((await read(server, path)).response.status).toBe(404);
    }
  });

  test('what was refused is not read from its copy', async () => {
    const adapter = await make(server, 'Write something that must not be there');
    await readTillCopied(server, adapter);
    const path = `/v1/adapters/${adapter.id}`;
    await server.fetch(`${path}?refuse=true`, { method: 'DELETE', headers: admin });
    expect((await read(server, `${path}/${WEIGHTS}`)).response.status).toBe(404);
  });

  test('a 304 may be given many times, also at once, and to other methods never', async () => {
    const adapter = await make(server, 'Sort the words');
    await readTillCopied(server, adapter);
    const [path = ''] = pathsOf(adapter);
    const headers = { 'if-none-match': `"${adapter.files[WEIGHTS]?.sha256}"` };
    const first = await read(server, path, { headers });
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, place) =>
        read(server, path, { headers, method: place % 2 === 0 ? 'GET' : 'HEAD' }),
      ),
    );
    for (const { response, headers: same } of all) {
      expect([response.status, same]).toEqual([304, first.headers]);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      expect((await read(server, path, { headers, method })).response.status).toBe(405);
    }
    const query = await read(server, `${path}?layout=nothing`, { headers });
    expect(query.response.status).toBe(400);
  });

  test('the host that a client names does not change what others get', async () => {
    const adapter = await make(server, 'Count the words');
    const path = `/v1/adapters/${adapter.id}`;
    const own = await server.fetch(path);
    const tag = own.headers.get('etag') ?? '';
    await own.arrayBuffer();
    const other = server.origin.replace('127.0.0.1', 'localhost');
    const elsewhere = await fetch(`${other}${path}`, { headers: { 'if-none-match': tag } });
    expect(elsewhere.status).toBe(200);
    expect(JSON.stringify(await elsewhere.json())).toContain(other);
    const again = await server.fetch(path, { headers: { 'if-none-match': tag } });
    expect(again.status).toBe(304);
  });
});

test('a private endpoint asks for the token whatever was read before', async () => {
  const server = await startServer({ ADMIN_TOKEN, ACCESS: 'private' });
  const adapter = await make(server, 'Reverse the list', { headers: admin });
  const tag = `"${adapter.files[WEIGHTS]?.sha256}"`;
  for (let round = 0; round < 3; round++) {
    for (const path of pathsOf(adapter)) {
      const may = await read(server, path, { headers: admin });
      expect(may.sha256).toBe(adapter.files[WEIGHTS]?.sha256);
      expect(may.headers['cache-control']).toMatch(/^private|no-cache/);
      for (const headers of [{}, { 'if-none-match': tag }, { range: 'bytes=0-9' }]) {
        const answer = await server.fetch(path, { headers });
        expect(answer.status).toBe(401);
        expect(await answer.json()).toMatchObject({ code: 'token_missing' });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await server.close();
});
