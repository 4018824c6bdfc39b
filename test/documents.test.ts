/** The documents for people: what they name is there. */
import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../scripts/environment.ts';

/** A path of the repository in backticks; placeholders such as NAME or <id> are none. */
const PATH = /`((?:src|test|scripts|training|migrations|docs|\.ci)\/[a-z0-9._/-]+)`/g;
/** What set-up makes; a fresh checkout has none of it. */
const MADE = /\/\.venv\b/;
const LINK = /\]\((?!https?:|#)([^)#]+)/g;
const SCRIPT = /npm run (?:-s )?([a-z][a-z:-]*)/g;

async function documents(): Promise<readonly string[]> {
  const docs = (await readdir(join(ROOT, 'docs'))).map((name) => `docs/${name}`);
  const found = docs.filter((name) => name.endsWith('.md'));
  return ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'training/README.md', ...found];
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

test('every path, link and script that a document names exists', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const missing: string[] = [];
  let found = 0;
  for (const name of await documents()) {
    const text = await readFile(join(ROOT, name), 'utf8');
    const named = [...text.matchAll(PATH)].map(([, path = '']) => join(ROOT, path));
    const linked = [...text.matchAll(LINK)].map(([, path = '']) => join(ROOT, dirname(name), path));
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
