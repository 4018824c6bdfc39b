/** What an endpoint counts of its adapters, answers and refusals, and who may read it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statsSchema } from '../../src/contract/documents/stats.ts';
import { type BuiltInBundle, miniBundle } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;
let builtIn: BuiltInBundle;

beforeAll(async () => {
  server = await startServer();
  builtIn = await miniBundle();
});

afterAll(async () => {
  await server.close();
});

async function stats(query = '') {
  const answer = await server.fetch(`/v1/stats${query}`, { headers });
  expect(answer.status).toBe(200);
  return statsSchema.parse(await answer.json());
}

function make(description: string): Promise<Response> {
  return server.send('/v1/adapters', { description, hypernet: builtIn.name });
}

test('it counts what was made, found, read and refused, and how long it took', async () => {
  const made = await (await make('Count the words.')).json();
  await (await make('Count the words.')).body?.cancel();
  await (await make('')).body?.cancel();
  const { id, files } = made as { id: string; files: Record<string, { bytes: number }> };
  const path = `/v1/adapters/${id}/adapter_model.safetensors`;
  const read = await server.fetch(path);
  const { length } = new Uint8Array(await read.arrayBuffer());
  const etag = read.headers.get('etag') ?? '';
  await (await server.fetch(path, { headers: { 'if-none-match': etag } })).body?.cancel();
  await (await server.fetch(path, { method: 'HEAD' })).body?.cancel();
  const requests = [{ description: 'Count the letters.' }, { description: '' }];
  await (await server.send('/v1/adapters/batch', { requests })).text();

  const found = await stats();
  expect(length).toBe(files['adapter_model.safetensors']?.bytes);
  expect(found).toMatchObject({
    adapters: [{ hypernet: builtIn.digest, made: 2, known: 1, failed: 0 }],
    remade: 0,
    answers: { 200: 4, 201: 1, 304: 1, 400: 1 },
    problems: { description_empty: 2 },
    stored: { adapters: 2, bytes: expect.any(Number) },
  });
  expect(found.from).toBe(found.to);
  expect(found.bytes).toBe(length);
  expect(found.stored.bytes).toBeGreaterThan(2 * length);
  for (const step of ['run', 'store', 'total']) {
    const { count = 0, p50 = 0, p99 = 0 } = found.times[step] ?? {};
    expect([step, count > 0, p50 <= p99]).toEqual([step, true, true]);
  }
});

test('what is read after its files are gone is counted as remade', async () => {
  const { objects } = await server.env.ADAPTERS.list({ prefix: 'adapters/' });
  await server.env.ADAPTERS.delete(objects.map(({ key }) => key));
  const [, id] = objects[0]?.key.split('/') ?? [];
  // Another file than was read: the nearest copy of that one is still there.
  await (await server.fetch(`/v1/adapters/${id}/adapter_config.json`)).text();
  expect((await stats()).remade).toBe(1);
});

test('counts of other days are added up, and nothing in them names a request', async () => {
  await server.env.DB.prepare("insert into stats values ('2020-01-01', 'answer:200', 7)").run();
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  await server.env.DB.prepare('insert into stats values (?, ?, 5)')
    .bind(yesterday, 'answer:418')
    .run();
  expect((await stats()).answers).not.toHaveProperty('418');
  expect(await stats('?days=2')).toMatchObject({ from: yesterday, answers: { 418: 5 } });
  const { results } = await server.env.DB.prepare('select what from stats').all();
  for (const { what } of results) {
    expect(what).toMatch(/^(bytes|(answer|problem|ms|made|known|failed):[\w:]+)$/);
  }
  expect(await server.scheduled()).toBe('ok');
  expect((await server.env.DB.prepare('select min(day) as day from stats').first())?.day).toBe(
    yesterday,
  );
});

test('it is for the administrator', async () => {
  const answer = await server.fetch('/v1/stats');
  expect([answer.status, await answer.json()]).toMatchObject([
    401,
    { code: 'admin_token_missing' },
  ]);
});

test.each(['0', '32', '1.5', 'all'])('days=%s is refused', async (days) => {
  const answer = await server.fetch(`/v1/stats?days=${days}`, { headers });
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'days_out_of_range' }]);
});
