/** Processes that change one data folder at the same time. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { t2l, temporaryFolder } from './command.ts';

test('two that remove the same adapters, and one that lists, all end well; nothing is left', async () => {
  const cwd = temporaryFolder();
  const data = ['--data', 'data'];
  const input = '"Drop the first word."\n"Drop the last word."\n"Keep the first word."\n';
  const made = await t2l(['batch', '-', ...data], { cwd, input });
  const ids = made.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id as string);
  expect(ids).toHaveLength(3);
  const [one, other, list] = await Promise.all([
    t2l(['rm', ...ids, '--json', ...data], { cwd }),
    t2l(['rm', ...ids, '--json', ...data], { cwd }),
    t2l(['list', '--json', ...data], { cwd }),
  ]);
  for (const run of [one, other]) {
    const { removed, failed } = JSON.parse(run?.stdout ?? '');
    expect(removed.length + failed.length).toBe(3);
    for (const { error } of failed) {
      expect(error.code).toBe('adapter_unknown');
    }
    expect(run?.code).toBe(failed.length === 0 ? 0 : 3);
  }
  expect(list?.code).toBe(0);
  for (const place of ['rows', 'adapters']) {
    expect([place, await readdir(join(cwd, 'data', place))]).toEqual([place, []]);
  }
});

test('one adapter that is made and removed again and again at once is there whole or not at all', async () => {
  const cwd = temporaryFolder();
  const data = ['--data', 'data'];
  const description = 'Reverse the order of the words.';
  const { stdout } = await t2l(['id', description, ...data], { cwd });
  const id = stdout.trim();
  const runs = await Promise.all(
    ['a', 'b', 'c'].flatMap((out) => [
      t2l(['generate', description, '--out', out, ...data], { cwd }),
      t2l(['rm', id, ...data], { cwd }),
    ]),
  );
  for (const { code, stderr } of runs) {
    // Between making it and reading its files somebody may have removed it: that is said.
    expect([0, 3], stderr).toContain(code);
  }
  await t2l(['rm', id, ...data], { cwd });
  expect(await t2l(['generate', description, '--out', 'last', ...data], { cwd })).toMatchObject({
    code: 0,
  });
  expect(await t2l(['verify', 'last', id, ...data], { cwd })).toMatchObject({ code: 0 });
});
