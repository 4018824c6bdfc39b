import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { strengthReason } from '../../src/adapter/fit/reason.ts';
import { rowFiles } from '../../src/local/rows.ts';
import { adapterDocument } from '../../src/pipeline/adapter-document.ts';
import type { AdapterRow } from '../../src/store/schema.ts';
import { temporaryFolder } from '../cli/command.ts';
import { adapterRow, idOf } from '../store/row.ts';

test('a row comes back as it was written, to the last bit of its embedding', async () => {
  const rows = rowFiles(join(temporaryFolder(), 'rows'));
  const row = adapterRow({ id: idOf('a'), description: null });
  expect(await rows.get(row.id)).toBeUndefined();
  expect(await rows.insert(row)).toBe(true);
  expect(await rows.get(row.id)).toEqual(row);
});

test('of many writers of a row at once, one writes it, and nothing else is left', async () => {
  const folder = temporaryFolder();
  const rows = rowFiles(folder);
  const written = await Promise.all(
    Array.from({ length: 20 }, (_, createdAt) =>
      rows.insert(adapterRow({ id: idOf('a'), createdAt })),
    ),
  );
  expect(written.filter((first) => first)).toHaveLength(1);
  expect((await rows.get(idOf('a')))?.createdAt).toBe(written.indexOf(true));
  expect(await readdir(folder)).toEqual([`${idOf('a')}.json`]);
});

test('the list is newest first, page by page, and filtered', async () => {
  const rows = rowFiles(temporaryFolder());
  for (const [id, createdAt, description] of [
    ['a', 1, 'Sort'],
    ['b', 3, 'REVERSE'],
    ['c', 2, 'reverse it'],
    ['d', 3, 'Join'],
  ] as const) {
    await rows.insert(adapterRow({ id: idOf(id), createdAt, description }));
  }
  const first = await rows.list({ limit: 3 });
  const second = await rows.list({ limit: 3, after: first.next });
  const ids = [...first.rows, ...second.rows].map(({ id }) => id[0]);
  expect(ids).toEqual(['d', 'b', 'c', 'a']);
  expect(second.next).toBeUndefined();
  const found = await rows.list({ limit: 9, search: 'Reverse' });
  expect(found.rows.map(({ id }) => id[0])).toEqual(['b', 'c']);
  expect((await rows.list({ limit: 9, baseModel: 'another' })).rows).toEqual([]);
  // Rows of before hold the text as it was folded then.
  const old = { description: 'Die STRASSE', searchText: 'die strasse' };
  await rows.insert(adapterRow({ id: idOf('e'), ...old }));
  const streets = await rows.list({ limit: 9, search: 'die  straße' });
  expect(streets.rows.map(({ id }) => id[0])).toEqual(['e']);
});

test('a prefix finds one row, or the two that make it ambiguous', async () => {
  const rows = rowFiles(temporaryFolder());
  for (const id of ['abc1', 'abc2', 'abc3', 'abd']) {
    await rows.insert(adapterRow({ id: idOf(id) }));
  }
  expect((await rows.findByPrefix('abd')).map(({ id }) => id)).toEqual([idOf('abd')]);
  expect(await rows.findByPrefix('abc')).toHaveLength(2);
  expect(await rows.findByPrefix('f')).toEqual([]);
});

test('a row of before there were reasons has none, and its document says so', async () => {
  const folder = temporaryFolder();
  const rows = rowFiles(folder);
  const row = adapterRow({ id: idOf('a') });
  const { reason: _reason, ...fit } = row.fit;
  await rows.insert({ ...row, fit: fit as typeof row.fit });
  const path = join(folder, `${row.id}.json`);
  expect(await readFile(path, 'utf8')).not.toContain('reason');
  const read = await rows.get(row.id);
  expect(read).toEqual(row);
  expect(adapterDocument(read as typeof row, 'http://x', true, undefined).fit).toEqual(row.fit);
});

test('a row of before there were kinds is that of a LoRA, and lists can be of one kind', async () => {
  const rows = rowFiles(temporaryFolder());
  const { output: _output, ...old } = adapterRow({ id: idOf('a') });
  await rows.insert(old as AdapterRow);
  await rows.insert(adapterRow({ id: idOf('b'), output: 'dora' }));
  expect((await rows.get(idOf('a')))?.output).toBe('lora');
  for (const [output, id] of [
    ['lora', 'a'],
    ['dora', 'b'],
  ] as const) {
    const found = await rows.list({ limit: 9, output });
    expect(found.rows.map((row) => row.id)).toEqual([idOf(id)]);
  }
  expect((await rows.list({ limit: 9, output: 'ia3' })).rows).toEqual([]);
});

test('a reason comes back as it was written', async () => {
  const rows = rowFiles(temporaryFolder());
  const row = adapterRow({ id: idOf('a') });
  const fit = { ...row.fit, verdict: 'unfit', reason: strengthReason(8, 0.03) } as const;
  await rows.insert({ ...row, fit });
  expect((await rows.get(row.id))?.fit).toEqual(fit);
});

test('a row that is damaged is one clear error that names its file', async () => {
  const folder = temporaryFolder();
  const rows = rowFiles(folder);
  await rows.insert(adapterRow({ id: idOf('a') }));
  const path = join(folder, `${idOf('a')}.json`);
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100));
  await expect(rows.get(idOf('a'))).rejects.toMatchObject({ code: 'local_row_invalid' });
  await expect(rows.get(idOf('a'))).rejects.toThrow(path);
  expect(await rows.remove(idOf('b'))).toBe(false);
});
