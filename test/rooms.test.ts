/** The rooms of the sources: each imports from those below it only, and nothing lies between them. */
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../scripts/environment.ts';

const SOURCES = join(ROOT, 'src');

/** From the top down, as ARCHITECTURE.md draws them. */
const ROOMS = [
  ...['api', 'hub', 'cli', 'playground', 'browser', 'local', 'sdk', 'publish', 'lm'],
  ...['pipeline', 'store', 'adapter', 'moderation', 'encoder', 'hypernet', 'bundle', 'ort'],
  ...['output', 'remote', 'contract'],
];
/** The Worker and its bindings; the first is above every room, the second below. */
const LOOSE = ['env.ts', 'index.ts'];
const IMPORT = /(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

test('the folders of the sources are the rooms', async () => {
  const entries = await readdir(SOURCES, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.filter((name) => name !== 'assets').sort()).toEqual([...ROOMS].sort());
  expect(
    entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort(),
  ).toEqual(LOOSE);
});

test('no import runs back up', async () => {
  const up: string[] = [];
  let found = 0;
  for (const name of await readdir(SOURCES, { recursive: true })) {
    const room = name.split(sep)[0] ?? '';
    if (!/\.tsx?$/.test(name) || !ROOMS.includes(room)) {
      continue;
    }
    const source = await readFile(join(SOURCES, name), 'utf8');
    for (const [, path = ''] of source.matchAll(IMPORT)) {
      const other = normalize(join(name, '..', path)).split(sep)[0] ?? '';
      found++;
      if (other !== 'env.ts' && ROOMS.indexOf(other) < ROOMS.indexOf(room)) {
        up.push(`${name} imports ${path}`);
      }
    }
  }
  expect(found).toBeGreaterThan(500);
  expect(up).toEqual([]);
});

test('only the API knows Hono', async () => {
  const names = await readdir(SOURCES, { recursive: true });
  for (const name of names.filter((file) => file.endsWith('.ts') && !file.startsWith('api'))) {
    const source = await readFile(join(SOURCES, name), 'utf8');
    expect([name, /^import (?!type \{\}).*'(@hono\/|hono)/m.test(source)]).toEqual([name, false]);
  }
});
