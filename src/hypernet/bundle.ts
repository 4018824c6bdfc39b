/**
 * A bundle: a manifest and the files it lists, immutable, addressed by the manifest's sha256.
 *
 * A source only reads bytes by path; nothing it returns is believed before size and sha256 agree
 * with the manifest, and the manifest is believed because its own hash is the digest the caller
 * asked for.
 */
import { sha256Hex } from '../adapter-id.ts';
import { T2lError } from '../errors.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** Where bundles lie: `<name>/<version>/<file>` and `encoders/<slug>/<file>`. */
export interface BundleSource {
  /** The bytes at `path`, or null where there is nothing. */
  read(path: string): Promise<Uint8Array | null>;
}

/** An opened bundle: its manifest is verified, and so is everything read through it. */
export interface Bundle {
  readonly manifest: Manifest;
  readonly digest: string;
  /** The verified bytes of a file the manifest lists, by the name the manifest gives it. */
  read(file: string): Promise<Uint8Array>;
}

/** Files below this prefix are shared between bundles; the others belong to one version. */
const SHARED_PREFIX = 'encoders/';

/** Bundles among the Worker's static assets, under `/hypernets/`. */
export function assetsSource(assets: { fetch(url: string): Promise<Response> }): BundleSource {
  return {
    async read(path) {
      // The host is ignored: an assets binding looks at the path only.
      const response = await assets.fetch(`https://assets.local/hypernets/${path}`);
      if (!response.ok) {
        await response.body?.cancel();
        return null;
      }
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** Bundles in an R2 bucket. */
export function r2Source(bucket: Pick<R2Bucket, 'get'>): BundleSource {
  return {
    async read(path) {
      const object = await bucket.get(path);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
  };
}

/**
 * Opens a bundle whose manifest has the given digest.
 *
 * @throws T2lError `bundle_missing_file`, `bundle_digest_mismatch` or `bundle_schema_unsupported`
 */
export async function openBundle(
  source: BundleSource,
  { name, version, digest }: { name: string; version: string; digest: string },
): Promise<Bundle> {
  const directory = `${name}/${version}`;
  const bytes = await readFile(source, `${directory}/manifest.json`);
  await verify(`${directory}/manifest.json`, bytes, { sha256: digest });
  const manifest = parseManifest(bytes);
  if (manifest.name !== name || manifest.version !== version) {
    throw new T2lError(
      'bundle_schema_unsupported',
      422,
      `The manifest at ${directory} calls itself ${manifest.name}/${manifest.version}.`,
    );
  }
  return {
    manifest,
    digest,
    async read(file) {
      const listed = Object.hasOwn(manifest.files, file) ? manifest.files[file] : undefined;
      if (listed === undefined) {
        throw new Error(`${file} is not listed in the manifest of ${directory}`);
      }
      const path = file.startsWith(SHARED_PREFIX) ? file : `${directory}/${file}`;
      const content = await readFile(source, path);
      await verify(path, content, listed);
      return content;
    },
  };
}

async function readFile(source: BundleSource, path: string): Promise<Uint8Array> {
  const bytes = await source.read(path);
  if (bytes === null) {
    throw new T2lError('bundle_missing_file', 422, `The bundle's file ${path} does not exist.`);
  }
  return bytes;
}

async function verify(
  path: string,
  content: Uint8Array,
  expected: { sha256: string; bytes?: number },
): Promise<void> {
  if (expected.bytes !== undefined && content.length !== expected.bytes) {
    throw new T2lError(
      'bundle_digest_mismatch',
      422,
      `The bundle's file ${path} has ${content.length} bytes where ${expected.bytes} are expected.`,
    );
  }
  const actual = await sha256Hex(content);
  if (actual !== expected.sha256) {
    throw new T2lError(
      'bundle_digest_mismatch',
      422,
      `The bundle's file ${path} has sha256 ${actual} where ${expected.sha256} is expected.`,
    );
  }
}
