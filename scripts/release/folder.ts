/**
 * A bundle on disk: `<root>/<name>/<version>/` and, beside the bundles, `<root>/encoders/`. Its files
 * have the keys under which they lie in the bucket.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Manifest, parseManifest } from '../../src/bundle/manifest.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { T2lError } from '../../src/contract/errors.ts';

/** What the keys of files that bundles share begin with. */
export const SHARED_PREFIX = 'encoders/';

/** A file of a bundle. */
export interface BundleFile {
  readonly key: string;
  readonly path: string;
  /** In the manifest; for the manifest itself, the digest. */
  readonly sha256: string;
}

/** A bundle on disk; what its files hold is not verified yet. */
export interface BundleFolder {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly manifest: Manifest;
  /** The manifest is the last, so that it never arrives before what it lists. */
  readonly files: readonly BundleFile[];
}

/** Reads the manifest of a folder. */
export async function readBundleFolder(directory: string): Promise<BundleFolder> {
  const folder = resolve(directory);
  const manifestPath = join(folder, 'manifest.json');
  const bytes = await readBundleFile(manifestPath);
  const manifest = parseManifest(bytes);
  const { name, version } = manifest;
  if (basename(folder) !== version || basename(join(folder, '..')) !== name) {
    throw new T2lError(
      'bundle_misplaced',
      `The folder of ${name} ${version} must end in ${name}/${version}; it is ${folder}.`,
    );
  }
  const digest = await sha256Hex(bytes);
  const listed = Object.entries(manifest.files).map(([file, { sha256 }]) => ({
    key: file.startsWith(SHARED_PREFIX) ? file : `${name}/${version}/${file}`,
    path: file.startsWith(SHARED_PREFIX) ? join(folder, '../..', file) : join(folder, file),
    sha256,
  }));
  const own = { key: `${name}/${version}/manifest.json`, path: manifestPath, sha256: digest };
  return { directory: folder, name, version, digest, manifest, files: [...listed, own] };
}

/** The bytes of a file of a bundle. */
export async function readBundleFile(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new T2lError('bundle_missing_file', `The bundle's file ${path} does not exist.`);
    }
    throw error;
  }
}
