/**
 * A bundle: a manifest and the files it lists, immutable, addressed by the manifest's sha256.
 *
 * A source only reads bytes by path; nothing it returns is believed before size and sha256 agree
 * with the manifest, and the manifest is believed because its own hash is the digest the caller
 * asked for. Who computed the sha256 does not matter: bytes that R2 compared with theirs when they
 * were put are not hashed again if it is the manifest's (a fifth of the time of a network of 220 MB
 * that is streamed); all others are hashed here.
 */
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { free } from '../ort/free.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** Where bundles lie: `<name>/<version>/<file>` and `encoders/<slug>/<file>`. */
export interface BundleSource {
  /** The bytes at `path`, for the caller to keep or to free, or null where there is nothing. */
  read(path: string): Promise<Uint8Array | null>;
  /** The same with the digest that the store knows, for stores that check what is put into them. */
  readChecked?(path: string): Promise<CheckedBytes | null>;
}

/** Bytes, and their sha256 in hex if the store itself compared them with it when they were put. */
export interface CheckedBytes {
  readonly bytes: Uint8Array;
  readonly sha256: string | undefined;
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

/** Bundles in an R2 bucket, which checks objects that are put with their sha256. */
export function r2Source(bucket: Pick<R2Bucket, 'get'>): BundleSource {
  async function readChecked(path: string): Promise<CheckedBytes | null> {
    const object = await bucket.get(path);
    return object === null
      ? null
      : { bytes: await wholeBody(object), sha256: object.checksums.toJSON().sha256 };
  }
  return {
    readChecked,
    async read(path) {
      return (await readChecked(path))?.bytes ?? null;
    },
  };
}

/** Into one buffer of the right size: `arrayBuffer()` gathers the body in pieces and copies them. */
async function wholeBody({ body, size }: R2ObjectBody): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  if (size === 0) {
    // A reader refuses to fill nothing.
    await body.cancel();
    return bytes;
  }
  const { value } = await body.getReader({ mode: 'byob' }).readAtLeast(size, bytes);
  return value ?? new Uint8Array(0);
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
  const file = await readFile(source, `${directory}/manifest.json`);
  await verify(`${directory}/manifest.json`, file, { sha256: digest });
  const manifest = parseManifest(file.bytes);
  if (manifest.name !== name || manifest.version !== version) {
    throw new T2lError(
      'bundle_schema_unsupported',
      `The manifest at ${directory} calls itself ${manifest.name}/${manifest.version}.`,
    );
  }
  return {
    manifest,
    digest,
    manifestBytes: file.bytes.length,
    async read(file) {
      const listed = Object.hasOwn(manifest.files, file) ? manifest.files[file] : undefined;
      if (listed === undefined) {
        throw new Error(`${file} is not listed in the manifest of ${directory}`);
      }
      const path = bundlePath({ name, version }, file);
      const content = await readFile(source, path);
      await verify(path, content, listed);
      return content.bytes;
    },
  };
}

/** Where a file of a bundle lies in its source. */
export function bundlePath(
  { name, version }: { readonly name: string; readonly version: string },
  file: string,
): string {
  return file.startsWith(SHARED_PREFIX) ? file : `${name}/${version}/${file}`;
}

/** Reads and verifies a file without keeping it; gives its size. */
export async function checkFile(bundle: Bundle, file: string): Promise<number> {
  const content = await bundle.read(file);
  const { length } = content;
  free(content);
  return length;
}

async function readFile(source: BundleSource, path: string): Promise<CheckedBytes> {
  const found = await (source.readChecked?.(path) ?? readUnchecked(source, path));
  if (found === null) {
    throw new T2lError('bundle_missing_file', `The bundle's file ${path} does not exist.`);
  }
  return found;
}

async function readUnchecked(source: BundleSource, path: string): Promise<CheckedBytes | null> {
  const bytes = await source.read(path);
  return bytes && { bytes, sha256: undefined };
}

async function verify(
  path: string,
  { bytes, sha256 }: CheckedBytes,
  expected: { sha256: string; bytes?: number },
): Promise<void> {
  if (expected.bytes !== undefined && bytes.length !== expected.bytes) {
    throw new T2lError(
      'bundle_digest_mismatch',
      `The bundle's file ${path} has ${bytes.length} bytes where ${expected.bytes} are expected.`,
    );
  }
  if (sha256 === expected.sha256) {
    return;
  }
  const actual = await sha256Hex(bytes);
  if (actual !== expected.sha256) {
    throw new T2lError(
      'bundle_digest_mismatch',
      `The bundle's file ${path} has sha256 ${actual} where ${expected.sha256} is expected.`,
    );
  }
}
