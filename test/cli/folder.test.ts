import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { checkPlace, readRecord, writeFolder } from '../../src/cli/folder.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { temporaryFolder } from './command.ts';

const signal = new AbortController().signal;
const files = new Map([['adapter_config.json', new TextEncoder().encode('{}')]]);
let document: AdapterDocument;

beforeAll(() => {
  document = {
    id: 'a'.repeat(64),
    description: 'x',
    repository: `t2l/${'a'.repeat(64)}`,
    hypernet: { name: 'n', version: '1.0.0', digest: 'd'.repeat(64) },
    base_model: 'b',
    output: 'lora',
    rank: 8,
    alpha: 8,
    target_modules: ['q_proj'],
    dtype: 'float16',
    precision: 'int8',
    strength: 1,
    parameters: 1,
    files: {},
    formats: {},
    cached: false,
    unlisted: false,
    warnings: [],
    fit: { score: null, verdict: 'unknown', reason: null, nearest: [] },
    norms: {},
    timings_ms: {},
    created_at: '2026-01-01T00:00:00.000Z',
  };
});

function write(directory: string, id = 'a', force = false) {
  const adapter = { document: { ...document, id: id.repeat(64) }, layout: 'peft' as const, files };
  return writeFolder(directory, adapter, { force, signal });
}

test('missing parents are made, an empty folder and a link to one are filled', async () => {
  const root = temporaryFolder();
  await write(join(root, 'deep/er/out'));
  expect(await readdir(join(root, 'deep/er'))).toEqual(['out']);
  await mkdir(join(root, 'empty'));
  await symlink(join(root, 'empty'), join(root, 'link'));
  await write(join(root, 'link'));
  expect(await readdir(join(root, 'empty'))).toEqual(['adapter_config.json', 't2l.json']);
  expect(await readRecord(join(root, 'link'))).toMatchObject({ id: document.id, layout: 'peft' });
});

test('a folder that was written before there were reasons is still read', async () => {
  const out = join(temporaryFolder(), 'out');
  await write(out);
  const path = join(out, 't2l.json');
  const { fit, ...rest } = JSON.parse(await readFile(path, 'utf8'));
  const { reason: _reason, ...old } = fit;
  await writeFile(path, JSON.stringify({ ...rest, fit: old }));
  expect((await readRecord(out))?.fit).toEqual(document.fit);
});

test('the same adapter is written again, another one is refused unless forced', async () => {
  const out = join(temporaryFolder(), 'out');
  await write(out);
  await writeFile(join(out, 'notes.txt'), 'keep me');
  await write(out);
  await expect(write(out, 'b')).rejects.toMatchObject({ code: 'folder_occupied' });
  expect((await readRecord(out))?.id).toBe(document.id);
  await write(out, 'b', true);
  expect((await readRecord(out))?.id).toBe('b'.repeat(64));
  expect(await readFile(join(out, 'notes.txt'), 'utf8')).toBe('keep me');
});

test("a stranger's folder is refused early", async () => {
  const out = temporaryFolder();
  await writeFile(join(out, 't2l.json'), '{"id": 1}');
  await expect(checkPlace(out, false)).rejects.toMatchObject({ code: 'folder_occupied' });
  await checkPlace(out, true);
});

test('a file name that leads out of the folder is refused', async () => {
  const out = join(temporaryFolder(), 'out');
  for (const name of ['../escaped', '/etc/x', 'a/b', '.hidden', '', 't2l.json', 'a\\b']) {
    const bad = new Map([[name, new Uint8Array(1)]]);
    const writing = writeFolder(
      out,
      { document, layout: 'peft', files: bad },
      { force: true, signal },
    );
    await expect(writing, name).rejects.toMatchObject({ code: 'answer_unexpected' });
  }
  expect(await readdir(join(out, '..'))).toEqual([]);
});

test('what killed runs left beside the folder is removed when it is old', async () => {
  const root = temporaryFolder();
  const [old, young] = [join(root, '.t2l-out-1'), join(root, '.t2l-out-2')];
  await mkdir(old);
  await mkdir(young);
  await utimes(old, 1, 1);
  await write(join(root, 'out'));
  expect(await readdir(root)).toEqual(['.t2l-out-2', 'out']);
});

test('forced into the folder of another adapter, nothing of that one stays beside the new one', async () => {
  const out = join(temporaryFolder(), 'out');
  const weights = new Map([...files, ['adapter_model.safetensors', new Uint8Array(8)]]);
  await writeFolder(out, { document, layout: 'peft', files: weights }, { force: false, signal });
  await writeFile(join(out, 'notes.txt'), 'keep me');
  const other = { ...document, id: 'b'.repeat(64) };
  const mlx = new Map([['adapters.safetensors', new Uint8Array(4)]]);
  await writeFolder(out, { document: other, layout: 'mlx', files: mlx }, { force: true, signal });
  expect((await readdir(out)).sort()).toEqual(['adapters.safetensors', 'notes.txt', 't2l.json']);
});

test('a folder may have any name that the file system takes', async () => {
  const out = join(temporaryFolder(), '日'.repeat(85));
  await write(out);
  expect(await readRecord(out)).toMatchObject({ id: document.id });
});
