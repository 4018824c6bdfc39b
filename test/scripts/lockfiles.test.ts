/** What npm installs is what the lockfiles name, byte by byte, on every platform. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';

/** A lockfile of npm, as far as this asks. */
interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

// npm leaves the hash out where it did not fetch a package itself: one for another platform, say.
test.each(['package-lock.json', '.ci/lint/package-lock.json'])(
  '%s has the sha512 of every package',
  async (path) => {
    const { packages } = JSON.parse(await readFile(join(ROOT, path), 'utf8')) as Lockfile;
    const entries = Object.entries(packages).filter(([place]) => place !== '');
    expect(entries.length).toBeGreaterThan(0);
    const bare = entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(bare.map(([place]) => place)).toEqual([]);
  },
);
