/** What lists and searches leave out, in the real D1 with the real migrations: rows, index and counts. */
import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import { searchText } from '../../src/contract/search-text.ts';
import { adapterStore, type ListQuery } from '../../src/store/adapters.ts';
import type { AdapterRow } from '../../src/store/schema.ts';
import { adapterRow, idOf } from './row.ts';

const store = adapterStore(env.DB);

beforeEach(async () => {
  await env.DB.exec('DELETE FROM adapters');
});

function unlistedRow(given: Partial<AdapterRow> & { id: string }): AdapterRow {
  const row = adapterRow(given);
  return { ...row, unlisted: true, searchText: null, unlistedText: row.searchText };
}

async function namesOf(query: Partial<ListQuery>): Promise<string> {
  const { rows } = await store.list({ limit: 50, ...query });
  return rows.map(({ id }) => id[0]).join('');
}

test('each list has its own rows, by whatever it is narrowed and searched', async () => {
  const text = 'Sort the words';
  await store.insert(adapterRow({ id: idOf('a'), createdAt: 1, description: text }));
  await store.insert(unlistedRow({ id: idOf('b'), createdAt: 1, description: text }));
  await store.insert(unlistedRow({ id: idOf('c'), createdAt: 2, description: null }));
  const digest = 'd'.repeat(64);
  for (const query of [
    {},
    { hypernet: 't2l-mini' },
    { baseModel: 't2l-edge/t2l-mini-base' },
    { digests: [digest] },
  ]) {
    expect([query, await namesOf(query)]).toEqual([query, 'a']);
    expect(await namesOf({ ...query, listing: 'unlisted' })).toBe('cb');
    expect(await namesOf({ ...query, listing: 'all' })).toBe('cba');
    for (const search of ['sort the', 'so']) {
      expect([search, await namesOf({ ...query, search })]).toEqual([search, 'a']);
      expect(await namesOf({ ...query, search, listing: 'unlisted' })).toBe('b');
      expect(await namesOf({ ...query, search, listing: 'all' })).toBe('ba');
    }
  }
  expect((await store.get(idOf('b')))?.unlisted).toBe(true);
  expect((await store.findByPrefix('b'.padEnd(12, '0')))[0]?.id).toBe(idOf('b'));
});

test('the index of searches does not know the text before it is listed', async () => {
  const row = unlistedRow({ id: idOf('a'), description: 'Whisper the password' });
  await store.insert(row);
  const indexed = () =>
    env.DB.prepare('SELECT count(*) AS found FROM adapters_search').first<number>('found');
  expect(await indexed()).toBe(0);
  await store.enlist(row.id);
  expect(await store.get(row.id)).toEqual({
    ...row,
    unlisted: false,
    searchText: searchText('Whisper the password'),
    unlistedText: null,
  });
  expect([await indexed(), await namesOf({ search: 'PASSWORD' })]).toEqual([1, 'a']);
  // Once more changes nothing, and neither does it for what was never unlisted or is not there.
  await store.enlist(row.id);
  await store.enlist(idOf('f'));
  expect([await indexed(), await namesOf({ search: 'PASSWORD' })]).toEqual([1, 'a']);
  await store.remove(row.id);
  expect(await indexed()).toBe(0);
});

test('what is the same in other letters is found in both, for whoever removes all of it', async () => {
  await store.insert(adapterRow({ id: idOf('a'), description: 'Say it twice' }));
  await store.insert(unlistedRow({ id: idOf('b'), description: 'SAY it  twice' }));
  await store.insert(unlistedRow({ id: idOf('c'), description: 'Say it once' }));
  const alike = await store.alike('say it twice');
  expect(alike.map(({ id }) => id[0]).sort()).toEqual(['a', 'b']);
});

test('a list reads no more for all that it leaves out, nor sorts', async () => {
  await store.insert(adapterRow({ id: idOf('f'), createdAt: 1 }));
  const copied = `hypernet_name, hypernet_version, hypernet_digest, base_model, embedding,
    precision, dtype, strength, rank, target_modules, parameters, files, fit, norms, timings`;
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
     INSERT INTO adapters (id, created_at, unlisted, unlisted_text, ${copied})
     SELECT printf('%064x', i), i, 1, 'the text', ${copied} FROM n, adapters WHERE created_at = 1`,
  ).run();
  const asked: D1PreparedStatement[] = [];
  const plans: D1PreparedStatement[] = [];
  const spy = {
    prepare: (sql: string) => ({
      bind(...values: unknown[]) {
        asked.push(env.DB.prepare(sql).bind(...values));
        plans.push(env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...values));
        return env.DB.prepare(sql).bind(...values);
      },
    }),
  } as unknown as D1Database;
  for (const query of [{}, { hypernet: 't2l-mini' }, { baseModel: 't2l-edge/t2l-mini-base' }]) {
    const { rows } = await adapterStore(spy).list({ limit: 20, ...query });
    expect(rows.map(({ id }) => id)).toEqual([idOf('f')]);
  }
  const reads = (await env.DB.batch(asked)).map(({ meta }) => meta.rows_read);
  expect(Math.max(...reads)).toBeLessThan(10);
  const steps = (await env.DB.batch<{ detail: string }>(plans)).flatMap(({ results }) =>
    results.map(({ detail }) => detail),
  );
  expect(steps.filter((step) => /TEMP B-TREE|SCAN adapters\b/.test(step))).toEqual([]);
});
