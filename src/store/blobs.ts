/**
 * Adapter files in R2, one object a file under `adapters/<id>/`. Objects are written once, with the
 * sha256 that R2 itself checks, and are only a cache: whoever reads must be ready for their absence. The
 * sha256 in an object's metadata tells whether it was meant to be the file; whether it still is, only
 * hashing its bytes tells, which `read` does and `get` does not.
 */

import { wholeBody } from '../bundle/bundle.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import { HEX_64 } from '../contract/hex.ts';
import { forLog, logLine } from '../contract/log.ts';
import type { StoredFile } from './schema.ts';

const PREFIX = 'adapters/';
const FILE_KEY = new RegExp(`^${PREFIX}(${HEX_64})/([^/]+)$`);

/** A file to store; its sha256 in lower-case hex. */
export interface BlobFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** A part of a file, in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** The part of bytes that a range names; all of them without one. */
export function partOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
}

/** The bytes of a file, or why there are none: nothing was stored, or something else lies there. */
export type StoredBytes = Uint8Array | 'absent' | 'damaged';

/** A file as a listing has it. */
export interface ListedFile {
  readonly id: string;
  readonly name: string;
  /** When it was written: milliseconds since 1970. */
  readonly at: number;
}

/** Some files, all of each adapter, ids in order; `next` is the id after which to go on. */
export interface FileListing {
  readonly files: readonly ListedFile[];
  readonly next: string | undefined;
}

export interface BlobStore {
  /**
   * Stores the files; an object that was put with the same bytes already is left alone.
   *
   * @param replace writes over it all the same, for objects that were found damaged
   */
  put(id: string, files: readonly BlobFile[], replace?: boolean): Promise<void>;
  /** The whole of a file, hashed here. */
  read(id: string, file: { readonly name: string; readonly sha256: string }): Promise<StoredBytes>;
  /**
   * The bytes of a file or a part of it as the store has them; null when it is absent or was not put as
   * the file of that sha256.
   */
  get(
    id: string,
    file: { readonly name: string; readonly sha256: string },
    range?: ByteRange,
  ): Promise<ReadableStream | null>;
  remove(id: string, names: readonly string[]): Promise<void>;
  /** The same for want of room, so that copies of the files may stay; left out, it is `remove`. */
  evict?(id: string, names: readonly string[]): Promise<void>;
  /** What is stored, from the first id after the given one. */
  list(after?: string): Promise<FileListing>;
}

/** A file that was found by its name alone, and its bytes: an array where they were hashed here. */
export interface OpenedFile {
  readonly file: StoredFile;
  readonly body: ReadableStream | Uint8Array;
}

/**
 * Files that say themselves what they are. R2 checked the sha256 when they were put, so nobody need ask
 * D1 for it; what was put by any other way has none.
 */
export interface StatingBlobStore extends BlobStore {
  /**
   * The whole of a file.
   *
   * @param hashed whether one of so many bytes is hashed here
   */
  open(
    id: string,
    name: string,
    hashed: (bytes: number) => boolean,
  ): Promise<OpenedFile | 'absent' | 'damaged'>;
  /** What a file is, without its bytes; undefined where there is none that says it. */
  describe(id: string, name: string): Promise<StoredFile | undefined>;
}

/** The adapter files of an R2 bucket. */
export function blobStore(bucket: R2Bucket): StatingBlobStore {
  return {
    async open(id, name, hashed) {
      const object = await bucket.get(keyOf(id, name));
      const file = object === null ? undefined : statedBy(object, name);
      if (object === null || file === undefined) {
        await object?.body.cancel();
        return 'absent';
      }
      if (!hashed(file.bytes)) {
        return { file, body: object.body };
      }
      const bytes = await wholeBody(object);
      return (await sha256Hex(bytes)) === file.sha256 ? { file, body: bytes } : 'damaged';
    },
    async describe(id, name) {
      const object = await bucket.head(keyOf(id, name));
      return object === null ? undefined : statedBy(object, name);
    },
    async put(id, files, replace = false) {
      const write = replace ? replaceFile : putFile;
      await Promise.all(files.map((file) => write(bucket, keyOf(id, file.name), file)));
    },
    async read(id, file) {
      const object = await bucket.get(keyOf(id, file.name));
      if (object === null) {
        return 'absent';
      }
      const bytes = await wholeBody(object);
      return (await sha256Hex(bytes)) === file.sha256 ? bytes : 'damaged';
    },
    async get(id, file, range) {
      const key = keyOf(id, file.name);
      const object = await (range ? bucket.get(key, { range }) : bucket.get(key));
      if (object === null) {
        return null;
      }
      if (sha256Of(object) !== file.sha256) {
        await object.body.cancel();
        return null;
      }
      return object.body;
    },
    async remove(id, names) {
      await bucket.delete(names.map((name) => keyOf(id, name)));
    },
    async list(after) {
      const { objects, truncated } = await bucket.list({
        prefix: PREFIX,
        // '0' follows '/', so this follows every file of the id.
        ...(after !== undefined && { startAfter: `${PREFIX}${after}0` }),
      });
      const files = objects.flatMap(({ key, uploaded }) => {
        const [, id, name] = FILE_KEY.exec(key) ?? [];
        return id && name ? [{ id, name, at: uploaded.getTime() }] : [];
      });
      return truncated ? withoutLast(files) : { files, next: undefined };
    },
  };
}

/** A listing that was cut: the last id may have more files, so the next one begins with it. */
function withoutLast(files: readonly ListedFile[]): FileListing {
  const last = files.at(-1)?.id;
  const whole = files.filter(({ id }) => id !== last);
  return { files: whole, next: whole.at(-1)?.id };
}

async function putFile(bucket: R2Bucket, key: string, file: BlobFile): Promise<void> {
  const options = optionsOf(file);
  const written = await bucket
    .put(key, file.bytes, { ...options, onlyIf: { etagDoesNotMatch: '*' } })
    // R2 refuses a second write to a key within a second: somebody was first, or a retry will tell.
    .catch(() => null);
  if (written !== null) {
    return;
  }
  // Somebody was first: another request with the same bytes, or an orphan of an interrupted write,
  // which may hold anything.
  const existing = await bucket.head(key);
  if (existing === null || sha256Of(existing) !== file.sha256) {
    await bucket.put(key, file.bytes, options);
  }
}

async function replaceFile(bucket: R2Bucket, key: string, file: BlobFile): Promise<void> {
  // R2 refuses a second write to a key within a second: somebody else has just put it right, or the
  // next reader finds it damaged again and tries again.
  await bucket
    .put(key, file.bytes, optionsOf(file))
    .catch((error: unknown) => logLine('warn', 'not replaced', { key, error: forLog(error) }));
}

function optionsOf({ sha256, contentType }: BlobFile) {
  return { sha256, httpMetadata: { contentType } };
}

function keyOf(id: string, name: string): string {
  return `${PREFIX}${id}/${name}`;
}

function statedBy(object: R2Object, name: string): StoredFile | undefined {
  const [sha256, contentType] = [sha256Of(object), object.httpMetadata?.contentType];
  return sha256 && contentType ? { name, contentType, bytes: object.size, sha256 } : undefined;
}

function sha256Of(object: R2Object): string | undefined {
  return object.checksums.toJSON().sha256;
}
