import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '../../src/sdk/index.ts';
import { startServer, type TestServer } from '../server.ts';
import { type AdapterDocument, json, make } from './hub-repository.ts';

const MIGRATION = join(import.meta.dirname, '../../migrations/0001_fold_search_text.sql');

let server: TestServer;
let cafe: AdapterDocument;
let road: AdapterDocument;

beforeAll(async () => {
  server = await startServer();
  cafe = await make(server, 'Name the caf\u00e9 first');
  road = await make(server, 'ΟΔΟΣΗΜΑΝΣΗ ΤΗΣ ΟΔΟΥ');
});

afterAll(async () => {
  await server.close();
});

/** What each way of asking finds. */
async function found(q: string): Promise<string[][]> {
  const asked = encodeURIComponent(q);
  const page = (await json(server, `/v1/adapters?q=${asked}`)) as { adapters: { id: string }[] };
  const models = (await json(server, `/api/models?search=${asked}`)) as { id: string }[];
  const client = createClient({ endpoint: server.origin });
  return [
    page.adapters.map(({ id }) => id),
    models.map(({ id }) => id.replace('t2l/', '')),
    (await client.adapters({ q })).adapters.map(({ id }) => id),
  ];
}

test('a search finds however it is typed, through the API, the hub and the SDK', async () => {
  for (const [q, { id }] of [
    ['cafe\u0301', cafe],
    ['NAME  THE\u00a0CAFE\u0301', cafe],
    ['c\u200ba\u200bf\u00e9', cafe],
    ['ΟΔΟΣ', road],
    ['οδοσημανση τησ', road],
    ['της οδου', road],
  ] as const) {
    expect([q, await found(q)]).toEqual([q, [[id], [id], [id]]]);
  }
  expect((await found(' \u200b ')).map(({ length }) => length)).toEqual([2, 2, 2]);
});

test('adapters of before are found as well', async () => {
  const { DB: database } = server.env;
  const old = [
    [cafe.id, 'stra\u00dfe am caf\u00e9'],
    [road.id, 'της οδο\u200bυ'],
  ] as const;
  const write = database.prepare('UPDATE adapters SET search_text = ? WHERE id = ?');
  await database.batch(old.map(([id, text]) => write.bind(text, id)));
  const sql = await readFile(MIGRATION, 'utf8');
  await database.batch(sql.split('--> statement-breakpoint').map((one) => database.prepare(one)));
  expect(await found('STRASSE')).toEqual([[cafe.id], [cafe.id], [cafe.id]]);
  expect(await found('ΤΗΣ ΟΔΟΥ')).toEqual([[road.id], [road.id], [road.id]]);
});
