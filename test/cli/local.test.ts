import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { type SharedServer, sharedServer } from '../server.ts';
import { keptFolder, t2l, temporaryFolder } from './command.ts';

const DESCRIPTION = 'Reverse the order of the words.';
const folder = keptFolder();
const data = join(folder, 'data');
const here = ['--data', data];

let endpoint: SharedServer;
let made: { id: string; out: string; adapter: AdapterDocument };

beforeAll(async () => {
  endpoint = await sharedServer();
  const run = await t2l(['generate', DESCRIPTION, '--out', 'adapter', '--json', ...here], {
    cwd: folder,
  });
  expect(run.stderr).toBe('');
  made = JSON.parse(run.stdout);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a local adapter has the id and the bytes of the one an endpoint makes', async () => {
  const run = await t2l(
    ['generate', DESCRIPTION, '--out', 'served', '--json', '--endpoint', endpoint.origin],
    { cwd: folder },
  );
  const served = JSON.parse(run.stdout).adapter as AdapterDocument;
  expect(served.id).toBe(made.id);
  expect(hashes(served)).toEqual(hashes(made.adapter));
  expect(served.fit).toEqual(made.adapter.fit);
  for (const name of Object.keys(served.files)) {
    const [one, other] = await Promise.all(
      ['adapter', 'served'].map((at) => readFile(join(folder, at, name))),
    );
    expect(one?.equals(other as Buffer), name).toBe(true);
  }
});

test('every layout has the same bytes from both, and verifies', async () => {
  const layouts = Object.keys(made.adapter.formats);
  expect(layouts).toContain('mlx');
  for (const layout of layouts) {
    for (const [at, source] of [
      ['here', here],
      ['there', ['--endpoint', endpoint.origin]],
    ] as const) {
      const out = join(folder, `${layout}-${at}`);
      const run = await t2l(['generate', DESCRIPTION, '--layout', layout, '--out', out, ...source]);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect((await t2l(['verify', out])).code).toBe(0);
    }
    const names = (await readdir(join(folder, `${layout}-here`))).filter((n) => n !== 't2l.json');
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const [one, other] = await Promise.all(
        ['here', 'there'].map((at) => readFile(join(folder, `${layout}-${at}`, name))),
      );
      expect(one?.equals(other as Buffer), name).toBe(true);
    }
  }
});

test('the id is known without making the adapter, here and by an endpoint', async () => {
  const nothing = join(folder, 'nothing');
  const [local, served] = await Promise.all([
    t2l(['id', `  ${DESCRIPTION} `, '--data', nothing]),
    t2l(['id', DESCRIPTION, '--endpoint', endpoint.origin]),
  ]);
  expect(local.stdout).toBe(`${made.id}\n`);
  expect(served.stdout).toBe(`${made.id}\n`);
  await expect(readdir(nothing)).rejects.toThrow();
  const other = await t2l(['id', DESCRIPTION, '--strength', '0.5', '--json']);
  expect(JSON.parse(other.stdout).id).not.toBe(made.id);
});

test('a description may come from stdin, a vector from a JSON or a .npy file', async () => {
  const piped = await t2l(['id', '-'], { input: `${DESCRIPTION}\n` });
  expect(piped.stdout).toBe(`${made.id}\n`);
  const at = temporaryFolder();
  const vector = Float32Array.from({ length: 384 }, (_, i) => Math.sin(i));
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (384,), }".padEnd(117);
  const npy = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([118, 0]),
    Buffer.from(`${header}\n`),
    Buffer.from(vector.buffer),
  ]);
  await writeFile(join(at, 'v.npy'), npy);
  await writeFile(join(at, 'v.json'), JSON.stringify([...vector]));
  const [a, b] = await Promise.all(
    ['v.npy', 'v.json'].map((file) => t2l(['id', '--embedding', file], { cwd: at })),
  );
  expect(a?.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  expect(b?.stdout).toBe(a?.stdout);
});

test('get, list and show find what was made', async () => {
  const [got, listed, shown] = await Promise.all([
    t2l(['get', made.id.slice(0, 12), '--out', join(folder, 'got'), '--json', ...here]),
    t2l(['list', '--q', 'REVERSE', '--json', ...here]),
    t2l(['show', made.id, ...here]),
  ]);
  expect(JSON.parse(got.stdout).id).toBe(made.id);
  expect((await t2l(['verify', join(folder, 'got')])).code).toBe(0);
  expect(JSON.parse(listed.stdout).adapters.map(({ id }: AdapterDocument) => id)).toEqual([
    made.id,
  ]);
  expect(shown.stdout).toContain(DESCRIPTION);
  const none = await t2l(['list', '--q', 'nothing like it', '--json', ...here]);
  expect(JSON.parse(none.stdout)).toEqual({ adapters: [] });
});

test('verify tells a changed and a missing file', async () => {
  const out = join(folder, 'changed');
  await t2l(['get', made.id, '--out', out, ...here]);
  await writeFile(join(out, 'adapter_config.json'), '{}');
  await rm(join(out, 'README.md'));
  for (const source of [[], [made.id, ...here], [made.id, '--endpoint', endpoint.origin]]) {
    const run = await t2l(['verify', out, '--json', ...source]);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toEqual({
      id: made.id,
      ok: false,
      files: {
        'adapter_model.safetensors': 'ok',
        'adapter_config.json': 'changed',
        'README.md': 'missing',
      },
    });
  }
});

test('a stored file that is damaged or gone is made again with the same bytes', async () => {
  const own = join(folder, 'own');
  await t2l(['generate', DESCRIPTION, '--data', own, '--out', join(folder, 'first')]);
  const stored = join(own, 'adapters', made.id);
  await writeFile(join(stored, 'adapter_model.safetensors'), 'damaged');
  await rm(join(stored, 'adapter_config.json'));
  const again = await t2l(['get', made.id, '--data', own, '--out', join(folder, 'second')]);
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect((await t2l(['verify', join(folder, 'second'), made.id, ...here])).code).toBe(0);
});

test('two processes that make the same adapter at once both end well', async () => {
  const own = join(folder, 'shared');
  const runs = await Promise.all(
    ['one', 'two', 'two'].map((at) =>
      t2l(['generate', DESCRIPTION, '--data', own, '--out', join(folder, at)]),
    ),
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  for (const at of ['one', 'two']) {
    expect((await t2l(['verify', join(folder, at), made.id, ...here])).code).toBe(0);
  }
  expect(await readdir(join(own, 'rows'))).toEqual([`${made.id}.json`]);
  expect((await readdir(folder)).filter((name) => name.startsWith('.t2l-'))).toEqual([]);
});

test('hypernetworks are listed and shown as the endpoint shows them', async () => {
  const [local, served] = await Promise.all([
    t2l(['hypernet', 'list', '--json']),
    t2l(['hypernet', 'list', '--json', '--endpoint', endpoint.origin]),
  ]);
  expect(JSON.parse(local.stdout)).toEqual(JSON.parse(served.stdout));
  const { hypernet } = made.adapter;
  const shown = await t2l(['hypernet', 'show', hypernet.name]);
  expect(shown.stdout).toContain(hypernet.digest);
});

function hashes({ files }: AdapterDocument): string[] {
  return Object.entries(files).map(([name, { bytes, sha256 }]) => `${name} ${bytes} ${sha256}`);
}
