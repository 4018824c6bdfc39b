/** Copies of t2l-mini on disk, as other versions and broken on purpose. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/environment.ts';
import { canonicalBytes } from '../../scripts/release/canonical.ts';

const HYPERNETS = join(ROOT, 'src/assets/hypernets');

/** A temporary hypernets root, with the encoders of the repository. */
export interface CopyRoot {
  /** Copies t2l-mini as another version; its manifest is canonical and lists its files. */
  copy(version: string, changes?: BundleChanges): Promise<string>;
  readonly path: string;
  remove(): Promise<void>;
}

/** What to change in a copy. */
export interface BundleChanges {
  /** New bytes of a file; the manifest lists them as if they were right. */
  readonly files?: Record<string, (bytes: Uint8Array) => Uint8Array>;
  /** Changes the manifest before it is written. */
  readonly manifest?: (manifest: Manifest) => void;
}

interface Manifest {
  version: string;
  files: Record<string, { bytes: number; sha256: string }>;
  golden: { descriptions: string[] };
  target: { base_model: { revision: string } };
  evaluation: { report: { conditions: { matched: { exact_match: number } } } };
}

/** The folder of t2l-mini, the smallest bundle that ships. */
export async function miniBundleFolder(): Promise<string> {
  const index = JSON.parse(await readFile(join(HYPERNETS, 'index.json'), 'utf8'));
  const bundle = index.bundles.findLast(({ name }: { name: string }) => name === 't2l-mini');
  return join(HYPERNETS, bundle.name, bundle.version);
}

/** Makes a root for copies. */
export async function createCopyRoot(): Promise<CopyRoot> {
  const path = await mkdtemp(join(tmpdir(), 't2l-bundles-'));
  await symlink(join(HYPERNETS, 'encoders'), join(path, 'encoders'));
  return {
    path,
    async copy(version, { files = {}, manifest: change } = {}) {
      const source = await miniBundleFolder();
      const manifest = JSON.parse(await readFile(join(source, 'manifest.json'), 'utf8'));
      const folder = join(path, manifest.name, version);
      await cp(source, folder, { recursive: true });
      for (const [file, edit] of Object.entries(files)) {
        const bytes = edit(new Uint8Array(await readFile(join(folder, file))));
        await writeFile(join(folder, file), bytes);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        manifest.files[file] = { bytes: bytes.length, sha256 };
      }
      manifest.version = version;
      change?.(manifest);
      const text = new TextEncoder().encode(JSON.stringify(manifest));
      await writeFile(join(folder, 'manifest.json'), canonicalBytes(text));
      return folder;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** The same bytes but for one, somewhere in the middle. */
export function flipped(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const middle = Math.floor(bytes.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 0xff;
  return changed;
}
