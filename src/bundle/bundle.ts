/**
 * A bundle: a manifest and the files it lists, immutable, addressed by the manifest's sha256.
 *
 * A source only reads bytes by path; nothing it returns is believed before size and sha256 agree
 * with the manifest, and the manifest is believed because its own hash is the digest the caller
 * asked for. Every read is hashed here, whatever a store says of its objects: what was compared when an
 * object was put says nothing of what the disk gives back. So a cache may be keyed by the sha256 that a
 * manifest lists: what is loaded under it has it.
 */
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { free } from '../ort/memory.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** Where bundles lie: `<name>/<version>/<file>` and `encoders/<slug>/<file>`. */
export interface BundleSource {
  /**
   * The bytes at `path`, for the caller to keep or to free, or null where there is nothing.
   *
   * @param bytes how many there should be; a source may stop there, and need not gather them in pieces
   */
  read(path: string, bytes?: number): Promise<Uint8Array | null>;
}

/** An opened bundle: its manifest is verified, and so is everything read through it. */
export interface Bundle {
  readonly manifest: Manifest;
  readonly digest: string;
  /** The verified bytes of a file the manifest lists, by its name there; the caller owns them. */
  read(file: string): Promise<Uint8Array>;
}

/** A bundle as its source has it. */
export interface OpenedBundle extends Bundle {
  /** Size of the manifest's file. */
  readonly manifestBytes: number;
}

/** Files below this prefix are shared between bundles; the others belong to one version. */
const SHARED_PREFIX = 'encoders/';

/** Bundles among the Worker's static assets, under `/hypernets/`. */
export function assetsSource(assets: { fetch(url: string): Promise<Response> }): BundleSource {
  return {
    async read(path, bytes) {
      // The host is ignored: an assets binding looks at the path only.
      const response = await assets.fetch(`https://assets.local/hypernets/${path}`);
      if (!response.ok) {
        await response.body?.cancel();
        if (response.status >= 500) {
          throw new Error(`the assets answer ${response.status} for hypernets/${path}`);
        }
        return null;
      }
      const { body } = response;
      return bytes === undefined || body === null
        ? new Uint8Array(await response.arrayBuffer())
        : wholeBody({ body, size: bytes });
    },
  };
}

/** Bundles in an R2 bucket. */
export function r2Source(bucket: Pick<R2Bucket, 'get'>): BundleSource {
  return {
    async read(path) {
      const object = await bucket.get(path);
      return object && wholeBody(object);
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
): Promise<OpenedBundle> {
  const directory = `${name}/${version}`;
  const file = await readManifest(source, { name, version, digest });
  const manifest = parseManifest(file);
  if (manifest.name !== name || manifest.version !== version) {
    throw new T2lError(
      'bundle_schema_unsupported',
      `The manifest at ${directory} calls itself ${manifest.name}/${manifest.version}.`,
    );
  }
  return {
    manifest,
    digest,
    manifestBytes: file.length,
    async read(file) {
      const listed = Object.hasOwn(manifest.files, file) ? manifest.files[file] : undefined;
      if (listed === undefined) {
        throw new Error(`${file} is not listed in the manifest of ${directory}`);
      }
      const path = bundlePath({ name, version }, file);
      const content = await readFile(source, path, listed.bytes);
      await verify(path, content, listed);
      return content;
    },
  };
}

/** The bytes of the manifest that has the given digest. */
export async function readManifest(
  source: BundleSource,
  {
    digest,
    ...place
  }: { readonly name: string; readonly version: string; readonly digest: string },
): Promise<Uint8Array> {
  const path = bundlePath(place, 'manifest.json');
  const file = await readFile(source, path);
  await verify(path, file, { sha256: digest });
  return file;
}

/** Where a file of a bundle lies in its source. */
export function bundlePath(
  { name, version }: { readonly name: string; readonly version: string },
  file: string,
): string {
  return file.startsWith(SHARED_PREFIX) ? file : `${name}/${version}/${file}`;
}

/** Reads and verifies every file, one at a time so that one is in memory; gives how many there are. */
export async function checkBundle(bundle: Bundle): Promise<number> {
  const files = Object.keys(bundle.manifest.files);
  for (const file of files) {
    free(await bundle.read(file));
  }
  return files.length;
}

async function readFile(source: BundleSource, path: string, bytes?: number): Promise<Uint8Array> {
  const found = await source.read(path, bytes);
  if (found === null) {
    throw new T2lError('bundle_missing_file', `The bundle's file ${path} does not exist.`);
  }
  return found;
}

async function verify(
  path: string,
  bytes: Uint8Array,
  expected: { sha256: string; bytes?: number },
): Promise<void> {
  if (expected.bytes !== undefined && bytes.length !== expected.bytes) {
    throw new T2lError(
      'bundle_digest_mismatch',
      `The bundle's file ${path} has ${bytes.length} bytes where ${expected.bytes} are expected.`,
    );
  }
  const actual = await sha256Hex(bytes);
  if (actual !== expected.sha256) {
    throw new T2lError(
      'bundle_digest_mismatch',
      `The bundle's file ${path} has sha256 ${actual} where ${expected.sha256} is expected.`,
    );
  }
}

/**
 * A body in one buffer of the right size: `arrayBuffer()` gathers it in pieces and copies them. Of a longer one
 * only the beginning is read, a shorter one is given as it is.
 */
export async function wholeBody({
  body,
  size,
}: {
  readonly body: ReadableStream;
  readonly size: number;
}): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  if (size === 0) {
    // A reader refuses to fill nothing.
    await body.cancel();
    return bytes;
  }
  const reader = body.getReader({ mode: 'byob' });
  const { value } = await reader.readAtLeast(size, bytes);
  await reader.cancel();
  return value ?? new Uint8Array(0);
}
