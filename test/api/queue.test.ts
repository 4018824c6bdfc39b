/** Adapters that a queue makes: promised at once, made by the very version that was meant, once. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { type BuiltInBundle, miniBundle, uploadWithEncoder } from '../bundles.ts';
import { ADMIN_TOKEN, sharedServer, startServer, type TestServer } from '../server.ts';

let server: TestServer;
let builtIn: BuiltInBundle;
let client: T2lClient;
let admin: T2lClient;

beforeAll(async () => {
  server = await startServer({ ADMIN_TOKEN, LIMITS: '', DAILY_ADDRESS: '12' }, { queue: 3 });
  builtIn = await miniBundle();
  client = createClient({ endpoint: server.origin });
  admin = createClient({ endpoint: server.origin, token: ADMIN_TOKEN });
});

afterAll(async () => {
  await server.close();
});

function requestsFor(words: readonly string[]) {
  return words.map((word) => ({
    description: `Write the ${word} word twice.`,
    hypernet: builtIn.name,
  }));
}

async function whenThere(id: string) {
  return vi.waitFor(() => client.adapter(id), { timeout: 60_000, interval: 100 });
}

test('each request has its id at once, and its adapter a little later', async () => {
  const requests = requestsFor(['first', 'second', 'third', 'fourth', 'fifth']);
  const lines = await client.batch(requests, { later: true });
  expect(lines.map(({ index, status }) => [index, status])).toEqual(
    requests.map((_, index) => [index, 202]),
  );
  for (const [index, { id = '' }] of lines.entries()) {
    expect(id).toBe(await client.adapterId(requests[index] as (typeof requests)[number]));
    const { description } = await whenThere(id);
    expect(description).toBe(requests[index]?.description);
  }
  const again = await client.batch(requests, { later: true });
  expect(again.map(({ status, adapter, id }) => [status, adapter?.id, id])).toEqual(
    lines.map(({ id }) => [200, id, undefined]),
  );
});

test('embeddings go through it, and what is asked for twice is made once', async () => {
  // -0 is another number than 0 to a hash.
  const embedding = new Array(builtIn.manifest.encoder.dim).fill(0.05).fill(-0, 0, 1);
  const request = { embedding, hypernet: builtIn.name, strength: 0.5, unlisted: true };
  const [one, two] = await client.batch([request, request], { later: true });
  expect(one?.id).toBe(two?.id);
  const document = await whenThere(one?.id ?? '');
  expect(document).toMatchObject({ unlisted: true, strength: 0.5 });
  const rows = await server.env.DB.prepare('SELECT count(*) AS count FROM adapters WHERE id = ?')
    .bind(document.id)
    .first();
  expect(rows).toEqual({ count: 1 });
});

test('what stands in a batch many times is counted once', async () => {
  const used = () => server.env.DB.prepare('SELECT max(made) AS used FROM quotas').first('used');
  const before = Number(await used());
  const [request] = requestsFor(['only']) as [{ description: string; hypernet: string }];
  const lines = await client.batch(new Array(20).fill(request), { later: true });
  // It may be there before its last line is.
  expect(new Set(lines.map(({ id, adapter }) => id ?? adapter?.id))).toEqual(
    new Set([await client.adapterId(request)]),
  );
  expect(lines[0]?.status).toBe(202);
  expect(Number(await used())).toBe(before + 1);
});

test('a request that is wrong or over a limit is told so now, and the others are made', async () => {
  const [good, ...others] = requestsFor(['sixth', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  const lines = await client.batch([{ description: '' }, good ?? {}, ...others], { later: true });
  expect(lines[0]).toMatchObject({ status: 400, problem: { code: 'description_empty' } });
  expect(lines[1]?.status).toBe(202);
  expect(lines.at(-1)).toMatchObject({ status: 429, problem: { code: 'quota_exhausted' } });
  await whenThere(lines[1]?.id ?? '');
});

test('what was meant is made, whatever answers by then', async () => {
  const other = await uploadWithEncoder(server.env, '8.2.0');
  await admin.register(other);
  const [line] = await admin.batch(requestsFor(['seventh']), { later: true });
  await admin.activate(builtIn.name, { digest: other.digest });
  const { hypernet } = await whenThere(line?.id ?? '');
  expect(hypernet.digest).toBe(builtIn.digest);
  await admin.activate(builtIn.name, { digest: builtIn.digest });
});

test('it notes whose they are, and a message that is none does no harm', async () => {
  await server.env.QUEUE?.send({ request: { description: 7 } });
  await server.env.QUEUE?.send('nothing');
  const [line] = await admin.batch(requestsFor(['eighth']), { later: true });
  await whenThere(line?.id ?? '');
  await vi.waitFor(async () => {
    const row = await server.env.DB.prepare('SELECT made_by FROM uses WHERE adapter_id = ?')
      .bind(line?.id)
      .first();
    expect(row).toEqual({ made_by: 'admin' });
  });
});

test('an endpoint without a queue says so, and so does a word that is neither true nor false', async () => {
  const { send } = await sharedServer();
  const body = { requests: [{ description: 'Write the last word twice.' }] };
  for (const [query, status, code] of [
    ['later=true', 422, 'queue_unavailable'],
    ['later=soon', 400, 'flag_malformed'],
    ['sooner=true', 400, 'field_unknown'],
  ] as const) {
    const answer = await send(`/v1/adapters/batch?${query}`, body);
    expect([query, answer.status, await answer.json()]).toMatchObject([query, status, { code }]);
  }
});
