/**
 * Searches within descriptions: the index of D1, the local store, and a plain look into every text give
 * the same rows in the same order, whatever is written and whatever is asked.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ListPosition } from '../../src/contract/cursor.ts';
import { searchText } from '../../src/contract/search-text.ts';
import { rowFiles } from '../../src/local/rows.ts';
import { type AdapterStore, adapterStore, type ListQuery } from '../../src/store/adapters.ts';
import { temporaryFolder } from '../cli/command.ts';
import { startServer, type TestServer } from '../server.ts';
import { adapterRow } from './row.ts';

const MIGRATION = join(import.meta.dirname, '../../migrations/0004_search_index.sql');

/** What texts and questions are made of: patterns, quotes, words of the index's own language, scripts. */
const PARTS =
  'a|b|ab|the |sort |STRASSE|straße|ς|Σ|ΟΔΟΣ|é|e\u0301|İ|ı|ﬁ|日本|語|😀|👩‍🚀|%|_|%%|*|^|"|""|\'|`|\\|(|)|{|}|[|]|:|-|+|,|.|;|--| AND | OR | NOT | NEAR |NEAR(a b)|text:|a*|\u00a0|\u200b|?|?1|:x|$|\ufffd'.split(
    '|',
  );

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

beforeEach(async () => {
  await server.env.DB.exec('DELETE FROM adapters');
});

/** Numbers from 0 to `below`, the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The ids on all pages of a list. */
async function idsOf(store: AdapterStore, query: ListQuery): Promise<string[]> {
  const ids: string[] = [];
  let after: ListPosition | undefined;
  do {
    const page = await store.list({ ...query, after });
    expect(page.rows.length).toBeLessThanOrEqual(query.limit);
    ids.push(...page.rows.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

/** As every search was before there was an index. */
async function lookedThrough(sought: string, hypernet: string | undefined): Promise<string[]> {
  const { results } = await server.env.DB.prepare(
    `SELECT id FROM adapters WHERE (?1 = '' OR instr(search_text, ?1) > 0)
       AND unlisted = 0 AND hypernet_name = coalesce(?2, hypernet_name) ORDER BY created_at DESC, id DESC`,
  )
    .bind(searchText(sought), hypernet ?? null)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

test('random texts and questions: the index, the local store and a look into each text agree', async () => {
  const random = randomNumbers(4);
  function textOf(most: number): string {
    return Array.from({ length: 1 + random(most) }, () => PARTS[random(PARTS.length)]).join('');
  }
  const { DB: database } = server.env;
  const [indexed, local] = [adapterStore(database), rowFiles(temporaryFolder())];
  const rows = Array.from({ length: 150 }, (_, index) => {
    const id = `${random(2 ** 31).toString(16)}${index.toString(16)}`.padEnd(64, '0');
    const row = adapterRow({
      id,
      // Several in one millisecond, which have one place in the index.
      createdAt: 1_700_000_000_000 + random(60),
      hypernetName: index % 7 === 0 ? 'rare' : 't2l-mini',
      description: index % 11 === 0 ? null : textOf(30),
    });
    // Some that no search finds.
    return index % 13 !== 0
      ? row
      : { ...row, unlisted: true, searchText: null, unlistedText: row.searchText };
  });
  for (const row of rows) {
    await Promise.all([indexed.insert(row), local.insert(row)]);
  }
  for (const { id } of rows.filter((_, index) => index % 9 === 0)) {
    await Promise.all([indexed.remove(id), local.remove(id)]);
  }
  let finds = 0;
  for (let round = 0; round < 80; round++) {
    const source = [...(rows[random(rows.length)]?.description ?? 'the sort')];
    const start = random(source.length);
    const part = source.slice(start, start + 1 + random(round % 10 === 0 ? 200 : 9)).join('');
    const nul = `${part}\0${part}`;
    const search = round % 3 === 0 ? textOf(4) : round % 13 === 0 ? nul : part;
    const query = {
      search,
      hypernet: round % 5 === 0 ? 'rare' : undefined,
      limit: 1 + random(40),
    };
    const expected = await lookedThrough(search, query.hypernet);
    finds += expected.length;
    expect([search, await idsOf(indexed, query)]).toEqual([search, expected]);
    // Reads every file for every page.
    expect([search, await idsOf(local, { ...query, limit: 1000 })]).toEqual([search, expected]);
  }
  expect(finds).toBeGreaterThan(300);
});

test('rows of before the index are found, and a text that changes is found as it is now', async () => {
  const { DB: database } = server.env;
  const store = adapterStore(database);
  const sql = (await readFile(MIGRATION, 'utf8')).split('--> statement-breakpoint');
  const triggers = ['insert', 'delete', 'update'].map((one) => `adapters_search_${one}`);
  await database.batch(
    [...triggers.map((name) => `DROP TRIGGER ${name}`), 'DROP TABLE adapters_search'].map((one) =>
      database.prepare(one),
    ),
  );
  for (const [id, description] of [
    ['1', 'Sort the words'],
    ['2', 'Sort the numbers'],
    ['3', null],
  ] as const) {
    await store.insert(adapterRow({ id: id.padEnd(64, '0'), createdAt: 5, description }));
  }
  await database.batch(sql.map((one) => database.prepare(one)));
  async function found(search: string): Promise<string[]> {
    return (await idsOf(store, { search, limit: 10 })).map((id) => id.slice(0, 1));
  }
  expect([await found('sort'), await found('words')]).toEqual([['2', '1'], ['1']]);
  await database
    .prepare(`UPDATE adapters SET search_text = 'reverse it', created_at = 6 WHERE description = ?`)
    .bind('Sort the words')
    .run();
  expect([await found('sort'), await found('words'), await found('reverse')]).toEqual([
    ['2'],
    [],
    ['1'],
  ]);
});

test('a search asks the index, sorts nothing, and reads few rows, however many it would find', async () => {
  const { DB: database } = server.env;
  const asked: D1PreparedStatement[] = [];
  const plans: D1PreparedStatement[] = [];
  const spy = {
    prepare(sql: string) {
      return {
        bind(...values: unknown[]) {
          asked.push(database.prepare(sql).bind(...values));
          plans.push(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...values));
          return database.prepare(sql).bind(...values);
        },
      };
    },
  } as unknown as D1Database;
  await adapterStore(database).insert(
    adapterRow({ id: 'f'.repeat(64), createdAt: 1, description: 'Sort the words' }),
  );
  const copied = `hypernet_name, hypernet_version, hypernet_digest, base_model, search_text, embedding,
    precision, dtype, strength, rank, target_modules, parameters, files, fit, norms, timings`;
  await database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
       INSERT INTO adapters (id, created_at, ${copied})
       SELECT printf('%064x', i), i, ${copied} FROM n, adapters WHERE adapters.created_at = 1`,
    )
    .run();
  const first = await adapterStore(spy).list({ search: 'Sort the', limit: 20 });
  await adapterStore(spy).list({ search: 'Sort the', limit: 20, after: first.next });
  const plan = (await database.batch<{ detail: string }>(plans)).flatMap(({ results }) =>
    results.map(({ detail }) => detail),
  );
  expect(
    plan.filter((step) => /SCAN adapters_search VIRTUAL TABLE INDEX \d+:.*M/.test(step)),
  ).toHaveLength(4);
  expect(
    plan.filter((step) => /SEARCH adapters USING INDEX adapters_by_listing/.test(step)),
  ).toHaveLength(2);
  expect(plan.filter((step) => /TEMP B-TREE|SCAN adapters\b(?!_)/.test(step))).toEqual([]);
  const reads = (await database.batch(asked)).map(({ meta }) => meta.rows_read);
  expect(Math.max(...reads)).toBeLessThan(200);
});
