/** The documents for people: what they name is there, and the first one is short. */
import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../scripts/environment.ts';

/** A path of the repository in backticks; placeholders such as NAME or <id> are none. */
const PATH = /`((?:src|test|scripts|training|migrations|docs|\.ci)\/[a-z0-9._/-]+)`/g;
/** What set-up makes; a fresh checkout has none of it. */
const MADE = /\/\.venv\b/;
const LINK = /\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g;
const SCRIPT = /npm run (?:-s )?([a-z][a-z:-]*)/g;
const FENCED = /^ *```[\s\S]*?^ *```/gm;
const HEADING = /^#{1,6} +(.+)$/gm;
const ROW = /^\|.*\w.*\|$/;
/** The line below the heads of a table. */
const RULE = /^\|[-: |]+\|$/;
/** Lines of the README: the first minute, and where the rest is. */
const MOST_LINES = 160;

async function documents(): Promise<readonly string[]> {
  const docs = (await readdir(join(ROOT, 'docs'))).map((name) => `docs/${name}`);
  const found = docs.filter((name) => name.endsWith('.md'));
  const roots = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
  return [...roots, 'training/README.md', ...found];
}

function read(name: string): Promise<string> {
  return readFile(join(ROOT, name), 'utf8');
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The anchors of a document, as GitHub makes them of its headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(FENCED, '').matchAll(HEADING);
  const anchors = Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(anchors);
}

test('every path, link and script that a document names exists', async () => {
  const { scripts } = JSON.parse(await read('package.json'));
  const missing: string[] = [];
  let found = 0;
  for (const name of await documents()) {
    const text = await read(name);
    const named = [...text.matchAll(PATH)].map(([, path = '']) => join(ROOT, path));
    const linked = [...text.matchAll(LINK)]
      .filter(([, path]) => path !== '')
      .map(([, path = '']) => join(ROOT, dirname(name), path));
    for (const path of [...named, ...linked].filter((one) => !MADE.test(one))) {
      found++;
      missing.push(...((await isThere(path)) ? [] : [`${name}: ${path}`]));
    }
    for (const [, script = ''] of text.matchAll(SCRIPT)) {
      found++;
      missing.push(...(script in scripts ? [] : [`${name}: npm run ${script}`]));
    }
  }
  expect(found).toBeGreaterThan(80);
  expect(missing).toEqual([]);
});

test('every anchor that a document links to is a heading', async () => {
  const missing: string[] = [];
  let found = 0;
  for (const name of await documents()) {
    for (const [, path, anchor] of (await read(name)).matchAll(LINK)) {
      if (anchor === undefined) {
        continue;
      }
      found++;
      const target = path === '' ? name : normalize(join(dirname(name), path ?? ''));
      const anchors = anchorsOf(await read(target));
      missing.push(...(anchors.has(anchor) ? [] : [`${name}: ${path}#${anchor}`]));
    }
  }
  expect(found).toBeGreaterThan(4);
  expect(missing).toEqual([]);
});

test('every page of docs is linked from another document, and the README is short', async () => {
  const linked = new Set<string>();
  for (const name of await documents()) {
    for (const [, path = ''] of (await read(name)).matchAll(LINK)) {
      const target = normalize(join(dirname(name), path));
      linked.add(target === name ? '' : target);
    }
  }
  const pages = (await documents()).filter((name) => name.startsWith('docs/'));
  expect(pages.filter((name) => !linked.has(name))).toEqual([]);
  const lines = (await read('README.md')).trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
});

test('no row of a table stands in two documents', async () => {
  // The model cards are made of the same results as the reports.
  const pages = (await documents()).filter((name) => !/^docs\/(t2l-|results)/.test(name));
  const places = new Map<string, string>();
  const twice: string[] = [];
  for (const name of pages) {
    const lines = (await read(name)).split('\n');
    const rows = lines.filter(
      (line, index) => ROW.test(line) && !RULE.test(lines[index + 1] ?? ''),
    );
    for (const row of rows) {
      const other = places.get(row) ?? name;
      twice.push(...(other === name ? [] : [`${other}, ${name}: ${row}`]));
      places.set(row, name);
    }
  }
  expect(places.size).toBeGreaterThan(50);
  expect(twice).toEqual([]);
});
