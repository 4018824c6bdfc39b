/** `t2l list` on a data folder in which something is broken. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rowFiles } from '../../src/local/rows.ts';
import { adapterRow, idOf } from '../store/row.ts';
import { t2l, temporaryFolder } from './command.ts';

test('a row that cannot be read is said once, and hides no other', async () => {
  const cwd = temporaryFolder();
  const folder = join(cwd, 'data/rows');
  const rows = rowFiles(folder);
  for (const [id, description] of [
    ['a', 'Reverse'],
    ['c', 'Sort'],
  ] as const) {
    await rows.insert(adapterRow({ id: idOf(id), description }));
  }
  const broken = join(folder, `${idOf('b')}.json`);
  await writeFile(broken, '{');
  const run = await t2l(['list', '--data', 'data'], { cwd });
  expect(run.code).toBe(0);
  expect(run.stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(run.stdout).toMatch(/Reverse$/m);
  expect(run.stdout).toMatch(/Sort$/m);
  expect(run.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(broken)]);
  const json = await t2l(['list', '--data', 'data', '--json'], { cwd });
  expect(JSON.parse(json.stdout).adapters).toHaveLength(2);
  expect(JSON.parse(json.stderr)).toMatchObject({ code: 'local_row_invalid' });
  // Whoever asks for that very one is told no less than before.
  expect(await t2l(['show', idOf('b'), '--data', 'data'], { cwd })).toMatchObject({ code: 1 });
  expect(await readdir(folder)).toHaveLength(3);
});

test('the list tells of a broken row once, however often it is asked, and fails without a listener', async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, `${idOf('b')}.json`), '{');
  const told: string[] = [];
  const rows = rowFiles(folder, ({ code }) => told.push(code));
  expect(await rows.list({ limit: 1 })).toMatchObject({ rows: [] });
  expect(await rows.list({ limit: 1 })).toMatchObject({ rows: [] });
  expect(told).toEqual(['local_row_invalid']);
  await expect(rowFiles(folder).list({ limit: 1 })).rejects.toMatchObject({
    code: 'local_row_invalid',
  });
});
