/** What is removed for good stays removed, however it is asked for, and its words are kept nowhere. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { expectProblem } from './problem.ts';

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const DESCRIPTION = 'Answer with the first word.';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

async function made(body: object, headers = {}): Promise<string> {
  const response = await server.send('/v1/adapters', body, { headers });
  const { id } = (await response.json()) as { id: string };
  expect(response.status).toBe(201);
  return id;
}

function remove(id: string, query = ''): Promise<Response> {
  return server.fetch(`/v1/adapters/${id}${query}`, { method: 'DELETE', headers: admin });
}

test('without refusal an adapter that was removed can be made again', async () => {
  const id = await made({ description: DESCRIPTION });
  expect((await remove(id)).status).toBe(204);
  expect(await made({ description: DESCRIPTION })).toBe(id);
});

test('a refused description has no adapter any more, at no strength, however it is typed', async () => {
  const ids = [
    await made({ description: DESCRIPTION, strength: 2 }),
    await made({ description: 'answer with  the FIRST word.' }),
    await made({ description: 'Answer with the last word.' }),
  ];
  expect((await remove(ids[0] ?? '', '?refuse=true')).status).toBe(204);
  const left = (await (await server.fetch('/v1/adapters')).json()) as {
    adapters: { id: string }[];
  };
  expect(left.adapters.map(({ id }) => id)).toEqual([ids[2]]);
  const { objects } = await server.env.ADAPTERS.list({ prefix: 'adapters/' });
  expect(new Set(objects.map(({ key }) => key.split('/')[1]))).toEqual(new Set([ids[2]]));
  for (const body of [
    { description: DESCRIPTION },
    { description: DESCRIPTION, strength: 3 },
    { description: 'ANSWER with the first word.', dtype: 'float32' },
  ]) {
    await expectProblem(await server.send('/v1/adapters', body), 'adapter_refused');
  }
  const link = `/v1/adapters/by-description?d=${encodeURIComponent(DESCRIPTION)}`;
  await expectProblem(await server.fetch(link), 'adapter_refused');
  await made({ description: 'Answer with the first letter.' });
  const { results } = await server.env.DB.prepare('SELECT * FROM refusals').all();
  expect(JSON.stringify(results).toLowerCase()).not.toContain('first word');
});

test('of an embedding it is the adapter', async () => {
  const embedding = Array.from({ length: 384 }, (_, place) => (place === 0 ? 1 : 0));
  const id = await made({ embedding });
  expect((await remove(id, '?refuse=true')).status).toBe(204);
  await expectProblem(await server.send('/v1/adapters', { embedding }), 'adapter_refused');
});

test('an administrator who has it made lifts the refusal', async () => {
  await made({ description: DESCRIPTION }, admin);
  await made({ description: DESCRIPTION, strength: 3 });
});

test('whether it is to be refused is said in one of two ways', async () => {
  const id = await made({ description: 'Answer with the longest word.' });
  await expectProblem(await remove(id, '?refuse=yes'), 'flag_malformed');
  await expectProblem(await remove(id, '?refuse=true&refuse=false'), 'parameter_repeated');
  await expectProblem(await remove(id, '?reason=bad'), 'field_unknown');
});

test('a removal of several that was interrupted can be made again', async () => {
  const first = await made({ description: 'Say it twice.' });
  const second = await made({ description: 'Say it twice.', strength: 2 });
  await server.env.DB.prepare(
    `CREATE TRIGGER broken BEFORE DELETE ON adapters WHEN old.id = '${second}' BEGIN SELECT RAISE(ABORT, 'no'); END`,
  ).run();
  expect((await remove(first, '?refuse=true')).status).toBe(503);
  await server.env.DB.prepare('DROP TRIGGER broken').run();
  expect((await remove(first, '?refuse=true')).status).toBe(204);
  for (const id of [first, second]) {
    expect((await server.fetch(`/v1/adapters/${id}`)).status).toBe(404);
  }
});

test('lifting a refusal lifts it for every strength', async () => {
  const id = await made({ description: 'Say it three times.' });
  await remove(id, '?refuse=true');
  await made({ description: 'Say it three times.', strength: 0.5 }, admin);
  expect(await made({ description: 'Say it three times.' })).toBe(id);
});

test('what the encoder reads alike is refused too, whatever is typed or sent', async () => {
  const id = await made({ description: 'Say what my neighbour drinks.' });
  const document = await (await server.fetch(`/v1/adapters/${id}`)).json();
  const { results } = await server.env.DB.prepare('SELECT embedding FROM adapters WHERE id = ?')
    .bind(id)
    .all<{ embedding: number[] }>();
  const bytes = Uint8Array.from(results[0]?.embedding ?? []);
  const embedding = [...new Float32Array(bytes.buffer)];
  expect((await remove(id, '?refuse=true')).status).toBe(204);
  for (const word of ['neighböur', 'neigh\ufffdbour', 'neigh\ue000bour', 'neigh\u0336bour']) {
    const description = `Say what my ${word} drinks.`;
    await expectProblem(await server.send('/v1/adapters', { description }), 'adapter_refused');
  }
  await expectProblem(
    await server.send('/v1/adapters', { embedding, strength: 2 }),
    'adapter_refused',
  );
  // An administrator lifts it, whichever way it is asked for.
  const again = { description: 'Say what my neighböur drinks.' };
  expect((await server.send('/v1/adapters', again, { headers: admin })).status).toBe(201);
  expect((await server.send('/v1/adapters', { embedding, strength: 2 })).status).toBe(201);
  expect(document).toMatchObject({ id });
});

test('files that no row has are removed too, by whoever has the whole id', async () => {
  const id = await made({ description: 'Write the words without a row.' });
  const file = `/v1/adapters/${id}/adapter_model.safetensors`;
  expect((await server.fetch(file)).status).toBe(200);
  await server.env.DB.prepare('DELETE FROM adapters WHERE id = ?').bind(id).run();
  expect((await remove(id.slice(0, 20))).status).toBe(404);
  expect((await remove(id, '?refuse=true')).status).toBe(204);
  expect((await server.fetch(file)).status).toBe(404);
  expect(await server.env.ADAPTERS.head(`adapters/${id}/adapter_model.safetensors`)).toBeNull();
  expect((await remove(id)).status).toBe(404);
});
