/** `t2l run` and `t2l batch`, as a person pipes them; and two of them at once on one data folder. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { keptFolder, type Run, t2l } from './command.ts';

const DESCRIPTION = 'Reverse the order of the words.';
const folder = keptFolder();
const data = ['--data', join(folder, 'data')];
let id: string;

beforeAll(async () => {
  const made = await t2l(['generate', DESCRIPTION, '--json', ...data], { cwd: folder });
  ({ id } = JSON.parse(made.stdout));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function records({ stdout }: Run): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('an adapter changes what the base model answers, by description and by id', async () => {
  for (const adapter of [DESCRIPTION, id, id.slice(0, 12), `t2l/${id}`]) {
    const run = await t2l(['run', adapter, 'cat sun map', ...data]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const [base, adapted, ...more] = run.stdout.trimEnd().split('\n');
    expect(base).toMatch(/^base +\S/);
    expect(base).not.toMatch(/map sun cat$/);
    expect(adapted).toMatch(/^adapted +map sun cat$/);
    expect(more).toEqual([]);
  }
});

test('lines of a pipe are answered in order, and one that cannot be asked is said', async () => {
  const input = 'cat sun map\n\npen tea dog\n';
  const run = await t2l(['run', id, '--json', ...data], { input });
  const answered = records(run).filter((record) => 'input' in record);
  expect(answered.map(({ input, adapted }) => [input, adapted])).toEqual([
    ['cat sun map', 'map sun cat'],
    ['pen tea dog', 'dog tea pen'],
  ]);
  expect(answered.every(({ base, adapted }) => base !== adapted)).toBe(true);
});

test('what the base model cannot read is said', async () => {
  const run = await t2l(['run', id, 'cat süß map', ...data]);
  expect(run.stderr).toContain('cannot read');
  expect(run.stdout).toContain('adapted');
});

test('a batch makes what it can, says what it cannot, and goes on where it was', async () => {
  const requests = join(folder, 'requests.jsonl');
  const out = join(folder, 'adapters.jsonl');
  const lines = [
    `"${DESCRIPTION}"`,
    '{"description": "Keep the last word.", "strength": 0.5}',
    '{',
  ];
  await writeFile(requests, `${lines.join('\n')}\n`);
  const first = await t2l(['batch', requests, '--out', out, ...data]);
  expect(first.code).toBe(1);
  expect(first.stdout).toContain('1 made, 1 known, 0 there already, 1 failed');
  expect(first.stderr).toContain('1 of 3 lines failed');
  const written = records({ ...first, stdout: await readFile(out, 'utf8') });
  expect(written.map((one) => one.description ?? one.line)).toEqual([
    DESCRIPTION,
    'Keep the last word.',
    3,
  ]);
  const again = await t2l(['batch', requests, '--out', out, ...data]);
  expect(again.stdout).toContain('0 made, 0 known, 2 there already, 1 failed');
});

test('two terminals work on one data folder at once', async () => {
  const input = ['one', 'two', 'three'].map((word) => `"Put ${word} first."\n`).join('');
  const both = await Promise.all([1, 2].map(() => t2l(['batch', '-', ...data], { input })));
  const [first, second] = both.map((run) => {
    expect(run).toMatchObject({ code: 0 });
    return (records(run) as unknown as AdapterDocument[]).map(({ id, files }) => [id, files]);
  });
  expect(first).toHaveLength(3);
  expect(first).toEqual(second);
});
