import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pointerOf } from '../../src/hub/git-objects.ts';
import { allFiles, fixedFiles, type Snapshot } from '../../src/hub/repository.ts';
import { allEntries, entriesBelow } from '../../src/hub/tree.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-git-'));
  git(['init', '--quiet']);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function git(args: readonly string[], input = ''): string {
  return execFileSync('git', args, { cwd: folder, input, encoding: 'utf8' }).trim();
}

/** Names whose order in git is not the order of their characters. */
const PATHS = ['a.txt', 'a/x.bin', 'a/y/z.bin', 'a-b', 'manifest.json', 'Z'];

const snapshot: Snapshot = {
  commit: '0'.repeat(40),
  createdAt: 0,
  ...fixedFiles(
    PATHS.map((path) => ({
      path,
      bytes: path.length,
      sha256: createHash('sha256').update(path).digest('hex'),
      contentType: 'text/plain',
    })),
  ),
  facts: { library: 'none', tags: [] },
  read: () => Promise.reject(new Error('nothing to read')),
  announce: async () => {},
};

test('git gives pointers and folders the names that we give them', async () => {
  for (const file of await allFiles(snapshot)) {
    const { text, oid } = await pointerOf(file);
    expect(git(['hash-object', '-w', '--stdin'], text)).toBe(oid);
    git(['update-index', '--add', '--cacheinfo', `100644,${oid},${file.path}`]);
  }
  const tree = git(['write-tree']);
  const lines = git(['ls-tree', '-r', '-t', '--format=%(path) %(objectname)', tree]).split('\n');
  const entries = await allEntries(snapshot, false);
  expect(entries.map(({ path, oid }) => `${path} ${oid}`).toSorted()).toEqual(lines.toSorted());
});

test('a folder lists what lies in it, and all below only when asked', async () => {
  const entries = await allEntries(snapshot, false);
  const paths = (path: string, recursive: boolean) =>
    entriesBelow(entries, path, recursive)?.map((entry) => entry.path);
  expect(paths('', false)).toEqual(['Z', 'a', 'a-b', 'a.txt', 'manifest.json']);
  expect(paths('a', false)).toEqual(['a/x.bin', 'a/y']);
  expect(paths('a', true)).toEqual(['a/x.bin', 'a/y', 'a/y/z.bin']);
  expect(paths('a/y', false)).toEqual(['a/y/z.bin']);
  expect(paths('a.txt', false)).toBeUndefined();
  expect(paths('b', true)).toBeUndefined();
});
