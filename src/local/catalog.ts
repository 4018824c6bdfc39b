/**
 * The hypernetworks of this machine: the one that ships, and those of a folder that training or the
 * importer filled, `<name>/<version>/` and `encoders/`. Of a name in that folder the newest version
 * answers, since nobody activates anything here.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BundleSource } from '../bundle/bundle.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { type Catalog, catalogOf } from '../store/catalog.ts';
import type { ChannelRow, HypernetRow } from '../store/schema.ts';
import { ASSETS } from './places.ts';
import { isCode, readIfThere } from './whole-file.ts';

/**
 * The catalog of the built-in bundles and those of a folder.
 *
 * @throws T2lError `hypernets_folder_missing` if the folder does not exist
 */
export async function localCatalog(folder?: string): Promise<Catalog> {
  const rows = folder === undefined ? [] : await bundlesIn(resolve(folder));
  const channels = activeVersions(rows);
  return catalogOf(
    folderSource(join(ASSETS, 'hypernets')),
    folder === undefined ? { read: () => Promise.resolve(null) } : folderSource(resolve(folder)),
    {
      byDigest: async (digest) => rows.find((row) => row.digest === digest),
      byVersion: async (name, version) =>
        rows.find((row) => row.name === name && row.version === version),
      list: async (name) => rows.filter((row) => name === undefined || row.name === name),
      channel: async (name) => channels.find((row) => row.name === name),
      channels: async () => channels,
      // Whoever wants no more of a bundle takes it out of the folder.
      yank: async () => undefined,
      yanks: async () => [],
    },
  );
}

/** Bundles in a folder. */
export function folderSource(folder: string): BundleSource {
  return { read: (path) => readIfThere(join(folder, path)) };
}

async function bundlesIn(folder: string): Promise<HypernetRow[]> {
  const rows: HypernetRow[] = [];
  for (const name of await foldersIn(folder)) {
    for (const version of await foldersIn(join(folder, name))) {
      const path = join(folder, name, version, 'manifest.json');
      const manifest = await readIfThere(path);
      if (manifest !== null) {
        const { mtimeMs } = await stat(path);
        const digest = await sha256Hex(manifest);
        rows.push({ name, version, digest, registeredAt: Math.floor(mtimeMs) });
      }
    }
  }
  if (rows.length === 0) {
    throw new T2lError(
      'hypernets_folder_empty',
      `${folder} holds no bundle; one lies at <name>/<version>/manifest.json below it.`,
    );
  }
  return rows;
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) {
      return [];
    }
    throw error;
  }
}

function activeVersions(rows: readonly HypernetRow[]): ChannelRow[] {
  const newest = new Map<string, HypernetRow>();
  for (const row of rows) {
    const known = newest.get(row.name);
    if (known === undefined || isNewer(row.version, known.version)) {
      newest.set(row.name, row);
    }
  }
  return [...newest.values()].map(({ name, digest }) => ({
    name,
    activeDigest: digest,
    previousDigest: null,
    updatedAt: 0,
    canaryDigest: null,
    canaryPercent: null,
  }));
}

/** Semantic versions: numbers by size, and a release after its own pre-releases. */
function isNewer(a: string, b: string): boolean {
  const [[coreA = '', preA], [coreB = '', preB]] = [a.split(/-(.*)/s), b.split(/-(.*)/s)];
  const order = coreA.localeCompare(coreB, 'en', { numeric: true });
  if (order !== 0 || preA === preB) {
    return order > 0;
  }
  return (
    preA === undefined ||
    (preB !== undefined && preA.localeCompare(preB, 'en', { numeric: true }) > 0)
  );
}
