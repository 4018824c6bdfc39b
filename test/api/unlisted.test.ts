/** An adapter that lists leave out: read by whoever has its id, found by nobody else but an administrator. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { expectProblem } from './problem.ts';

type Document = ReturnType<typeof adapterSchema.parse>;

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const SECRET = 'Whisper the password of the cellar.';

let server: TestServer;
let hidden: Document;
let open: Document;

beforeAll(async () => {
  server = await startServer();
  open = await made({ description: 'Reverse the list' }, 201);
  hidden = await made({ description: SECRET, unlisted: true }, 201);
});

afterAll(() => server.close());

async function made(body: object, status: number): Promise<Document> {
  const response = await server.send('/v1/adapters', body);
  expect(response.status).toBe(status);
  return adapterSchema.parse(await response.json());
}

/** The ids of a list. */
async function listed(query = '', headers = {}): Promise<string[]> {
  const response = await server.fetch(`/v1/adapters?limit=100${query}`, { headers });
  expect([query, response.status]).toEqual([query, 200]);
  const { adapters } = (await response.json()) as { adapters: Document[] };
  return adapters.map(({ id }) => id);
}

async function models(query: string, headers = {}): Promise<string[]> {
  const response = await server.fetch(`/api/models?limit=100&${query}`, { headers });
  expect([query, response.status]).toEqual([query, 200]);
  return ((await response.json()) as { id: string }[]).map(({ id }) => id);
}

test('whoever has the id reads all of it', async () => {
  expect([open.unlisted, hidden.unlisted]).toEqual([false, true]);
  for (const path of [
    `/v1/adapters/${hidden.id}`,
    `/v1/adapters/${hidden.id.slice(0, 12)}`,
    `/v1/adapters/${hidden.id}/adapter_model.safetensors`,
    `/v1/adapters/${hidden.id}/adapter.gguf`,
    `/api/models/t2l/${hidden.id}`,
    `/t2l/${hidden.id}/resolve/main/README.md`,
  ]) {
    expect([path, (await server.fetch(path)).status]).toEqual([path, 200]);
  }
});

test('no list, search or filter has it, of either protocol, not even for an administrator', async () => {
  const bounds = 'num_parameters=min:1';
  for (const headers of [{}, admin]) {
    expect(await listed('', headers)).toEqual([open.id]);
    expect(await listed('&unlisted=false', headers)).toEqual([open.id]);
    expect(await listed(`&hypernet=${hidden.hypernet.name}`, headers)).toEqual([open.id]);
    expect(await listed(`&base_model=${hidden.base_model}`, headers)).toEqual([open.id]);
    for (const q of ['password', 'pa', SECRET]) {
      expect(await listed(`&q=${encodeURIComponent(q)}`, headers)).toEqual([]);
      expect(await models(`search=${encodeURIComponent(q)}`, headers)).toEqual([]);
    }
    for (const query of ['author=t2l', `filter=base_model:${hidden.base_model}`, bounds]) {
      expect([query, await models(query, headers)]).toEqual([query, [open.repository]]);
    }
    for (const id of [hidden.id, hidden.id.slice(0, 12)]) {
      expect(await models(`search=${id}`, headers)).toEqual([]);
    }
  }
});

test('an administrator lists and searches what is left out, and nobody else', async () => {
  expect(await listed('&unlisted=true', admin)).toEqual([hidden.id]);
  expect(await listed('&unlisted=true&q=PASSWORD', admin)).toEqual([hidden.id]);
  expect(await listed('&unlisted=true&q=reverse', admin)).toEqual([]);
  const page = await server.fetch('/v1/adapters?unlisted=true', { headers: admin });
  expect(page.headers.get('cache-control')).toBe('private, no-cache');
  const answer = (headers = {}) => server.fetch('/v1/adapters?unlisted=true', { headers });
  await expectProblem(await answer(), 'admin_token_missing');
  await expectProblem(await answer({ authorization: 'Bearer x' }), 'admin_token_wrong');
  const body = { name: 'a reader', scopes: ['generate'] };
  const created = await server.send('/v1/tokens', body, { headers: admin });
  const { token } = (await created.json()) as { token: string };
  await expectProblem(await answer({ authorization: `Bearer ${token}` }), 'admin_token_wrong');
  await expectProblem(await server.fetch('/v1/adapters?unlisted=yes'), 'flag_malformed');
});

test('it has the id and the bytes that it would have had in lists', async () => {
  const again = await made({ description: SECRET }, 200);
  expect(again).toEqual({ ...hidden, cached: true });
  expect(await made({ description: SECRET, unlisted: true }, 200)).toEqual(again);
  expect(await listed('&q=password')).toEqual([]);
});

test('what is in lists stays there, whoever asks for it to be left out', async () => {
  const asked = await made({ description: 'Reverse the list', unlisted: true }, 200);
  expect(asked).toEqual({ ...open, cached: true });
  expect(await listed()).toEqual([open.id]);
});

test('a request that says so has it listed, where it belongs by its age', async () => {
  const later = await made({ description: 'Keep the first word' }, 201);
  const path = `/v1/adapters/${hidden.id}`;
  const etag = (await server.fetch(path)).headers.get('etag') ?? '';
  const again = () => server.fetch(path, { headers: { 'if-none-match': etag } });
  expect((await again()).status).toBe(304);
  const shown = await made({ description: SECRET, unlisted: false }, 200);
  expect(shown).toEqual({ ...hidden, unlisted: false, cached: true });
  // Who keeps the document hears of it.
  expect(await (await again()).json()).toEqual(shown);
  expect(await listed()).toEqual([later.id, hidden.id, open.id]);
  expect(await listed('&q=password')).toEqual([hidden.id]);
  expect(await models(`search=${hidden.id.slice(0, 12)}`)).toEqual([hidden.repository]);
  expect(await listed('&unlisted=true', admin)).toEqual([]);
});

test('the other ways of asking know it too', async () => {
  const link = '/v1/adapters/by-description?d=By+a+link&unlisted=';
  const linked = adapterSchema.parse(await (await server.fetch(`${link}true`)).json());
  const requests = [
    { description: 'In a batch', unlisted: true },
    { embedding: Array.from({ length: 384 }, (_, at) => (at === 3 ? 1 : 0)), unlisted: true },
    { description: 'In a batch', unlisted: 'yes' },
  ];
  const batch = await server.send('/v1/adapters/batch', { requests });
  const lines = (await batch.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ status }) => status)).toEqual([201, 201, 400]);
  expect(lines[2].problem.code).toBe('flag_malformed');
  const ids = [linked.id, lines[0].adapter.id, lines[1].adapter.id];
  expect(await listed('&unlisted=true', admin)).toEqual(ids.toReversed());
  const all = await listed();
  expect(ids.filter((id) => all.includes(id))).toEqual([]);
  await expectProblem(await server.fetch(`${link}perhaps`), 'flag_malformed');
  for (const unlisted of ['true', 1, null]) {
    const answer = await server.send('/v1/adapters', { description: 'x', unlisted });
    await expectProblem(answer, 'flag_malformed');
  }
});

test('the audit reads it, and a removal for good finds it in whatever letters', async () => {
  const shout = await made({ description: 'IN A BATCH', unlisted: true }, 201);
  const audit = await server.send('/v1/audit', {}, { headers: admin });
  const { adapters } = (await audit.json()) as { adapters: number };
  const { results } = await server.env.DB.prepare('SELECT count(*) AS n FROM adapters').all();
  expect([adapters]).toEqual(results.map(({ n }) => n));
  const gone = await server.fetch(`/v1/adapters/${shout.id}?refuse=true`, {
    method: 'DELETE',
    headers: admin,
  });
  expect(gone.status).toBe(204);
  const left = await server.env.DB.prepare(
    "SELECT count(*) AS n FROM adapters WHERE unlisted_text = 'in a batch'",
  ).first('n');
  expect(left).toBe(0);
});
