import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import { strengthReason } from '../../src/adapter/fit/reason.ts';
import type { ListPosition } from '../../src/contract/cursor.ts';
import { SEARCHED_ROWS } from '../../src/contract/limits.ts';
import { adapterStore } from '../../src/store/adapters.ts';
import { adapterRow, idOf } from './row.ts';

const store = adapterStore(env.DB);

beforeEach(async () => {
  await env.DB.exec('DELETE FROM adapters');
});

test('a row comes back as it was written, its embedding bit by bit', async () => {
  const row = adapterRow({ id: idOf('a'), description: null });
  expect(await store.insert(row)).toBe(true);
  expect(await store.get(row.id)).toEqual(row);
  expect(await store.get(idOf('b'))).toBeUndefined();
});

test('a row of before there were reasons has none; a reason comes back as it was written', async () => {
  const row = adapterRow({ id: idOf('a') });
  const reason = strengthReason(8, 0.03);
  await store.insert(row);
  await store.insert({ ...row, id: idOf('b'), fit: { ...row.fit, reason } });
  const { reason: _reason, ...fit } = row.fit;
  await env.DB.prepare('UPDATE adapters SET fit = ? WHERE id = ?')
    .bind(JSON.stringify(fit), row.id)
    .run();
  expect(await store.get(row.id)).toEqual(row);
  const { rows } = await store.list({ limit: 2 });
  expect(rows.map((one) => one.fit.reason)).toEqual([reason, null]);
});

test('the first row of an id stays', async () => {
  const first = adapterRow({ id: idOf('a'), createdAt: 1 });
  const answers = await Promise.all([
    store.insert(first),
    store.insert({ ...first, createdAt: 2 }),
  ]);
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await store.insert({ ...first, createdAt: 3 })).toBe(false);
});

test('a prefix finds none, one or several', async () => {
  await store.insert(adapterRow({ id: idOf('aaaaaaaaaaaa1') }));
  await store.insert(adapterRow({ id: idOf('aaaaaaaaaaaaf') }));
  await store.insert(adapterRow({ id: idOf('aaaaaaaaaaab') }));
  expect(await store.findByPrefix('aaaaaaaaaaaa')).toHaveLength(2);
  expect((await store.findByPrefix('aaaaaaaaaaaaf'))[0]?.id).toBe(idOf('aaaaaaaaaaaaf'));
  expect(await store.findByPrefix('aaaaaaaaaaac')).toEqual([]);
});

test('pages go from new to old without a gap or a repetition, also within one millisecond', async () => {
  const ids = ['1', '2', '3', '4', '5'].map(idOf);
  for (const [index, id] of ids.entries()) {
    await store.insert(adapterRow({ id, createdAt: index < 2 ? 1000 : 2000 }));
  }
  const seen: string[] = [];
  let after: { createdAt: number; id: string } | undefined;
  do {
    const page = await store.list({ limit: 2, after });
    seen.push(...page.rows.map(({ id }) => id));
    after = page.next;
  } while (after);
  expect(seen).toEqual(['5', '4', '3', '2', '1'].map(idOf));
});

test('a page that ends the list has no next one', async () => {
  await store.insert(adapterRow({ id: idOf('a') }));
  expect((await store.list({ limit: 1 })).next).toBeUndefined();
});

test('filters narrow the list', async () => {
  await store.insert(adapterRow({ id: idOf('1'), hypernetName: 'big', baseModel: 'mistral' }));
  await store.insert(adapterRow({ id: idOf('2'), description: 'ÜBERSETZE 100% davon' }));
  await store.insert(adapterRow({ id: idOf('3'), description: null }));
  async function found(query: object): Promise<string[]> {
    return (await store.list({ limit: 10, ...query })).rows.map(({ id }) => id);
  }
  expect(await found({ hypernet: 'big' })).toEqual([idOf('1')]);
  expect(await found({ baseModel: 'mistral' })).toEqual([idOf('1')]);
  expect(await found({ search: 'übersetze' })).toEqual([idOf('2')]);
  expect(await found({ search: '100%' })).toEqual([idOf('2')]);
  expect(await found({ search: '1%0' })).toEqual([]);
  expect(await found({ search: 'reverse', hypernet: 'big' })).toEqual([idOf('1')]);
});

test('a removed row is gone', async () => {
  await store.insert(adapterRow({ id: idOf('a') }));
  expect(await store.remove(idOf('a'))).toBe(true);
  expect(await store.remove(idOf('a'))).toBe(false);
  expect(await store.get(idOf('a'))).toBeUndefined();
});

test('a search for two letters reads a bounded number of rows, and its pages still reach the end', async () => {
  const copies = 2 * SEARCHED_ROWS;
  await store.insert(adapterRow({ id: idOf('f'), createdAt: 1, description: 'The needle' }));
  const columns =
    'hypernet_name, hypernet_version, hypernet_digest, base_model, search_text, embedding, precision, dtype, strength, rank, target_modules, parameters, files, fit, norms, timings';
  const hay = columns.replace('search_text', "'hay'");
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO adapters (id, created_at, description, ${columns})
     SELECT printf('%064x', i), 1 + i, 'hay', ${hay} FROM n, adapters WHERE adapters.created_at = 1`,
  )
    .bind(copies)
    .run();
  async function search(sought: string): Promise<[number, string[]]> {
    let pages = 0;
    let after: ListPosition | undefined;
    const found: string[] = [];
    do {
      const page = await store.list({ search: sought, limit: 5, after });
      found.push(...page.rows.map(({ id }) => id));
      after = page.next;
      pages++;
    } while (after !== undefined);
    return [pages, found];
  }
  expect(await search('EE')).toEqual([3, [idOf('f')]]);
  expect(await search('NEEDLE')).toEqual([1, [idOf('f')]]);
});
