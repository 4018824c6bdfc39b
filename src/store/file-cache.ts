/**
 * Copies of stored files in the Cache API, near to the reader: whoever reads a file for the first time in a
 * data center puts it there, and for an hour the others need neither R2 nor D1.
 *
 *   bytes      only ones that were hashed when they were put, so that a copy need not be hashed again
 *   address    the id and the file's name on a host that nobody has; nothing that a client sends is in it
 *   access     is decided before: whoever asks here may read
 *   removal    takes the copy of this data center away with the file; that of another one goes within the hour
 *
 * It is a help only. Where there is no such cache, as below workers.dev, nothing is ever found in it, and a
 * failure of it is as good as that.
 */
import { HEX_64 } from '../contract/hex.ts';
import type { BlobStore, ByteRange, OpenedFile } from './blobs.ts';
import type { StoredFile } from './schema.ts';

/** How long a copy may outlive its file elsewhere. */
export const KEPT_SECONDS = 3600;

/** No name below `.invalid` is ever looked up (RFC 2606). */
const PLACE = 'https://t2l-edge.invalid/adapters';
/** What a copy is: its sha256 and the bytes of the whole, which the length of a part does not say. */
const FILE_HEADER = 'T2L-File';
const FILE = new RegExp(`^(${HEX_64}) (\\d+)$`);

/** An isolate whose copies are not kept tries again after so long: every try costs a reading of R2. */
const WITHOUT_MS = 600_000;
/** State of this isolate: until when it does without a cache, in milliseconds since 1970. */
let withoutUntil = 0;

export interface FileCache {
  /** The copy of a file or of a part of it. */
  open(id: string, name: string, range?: ByteRange): Promise<OpenedFile | undefined>;
  /** What the copy is of, without its bytes. */
  describe(id: string, name: string): Promise<StoredFile | undefined>;
  /** Puts a copy there, after the answer; the bytes must have been hashed. */
  keep(id: string, file: StoredFile, bytes: Uint8Array): void;
  remove(id: string, names: readonly string[]): Promise<void>;
}

/** What keeping copies takes. */
export interface KeepingEffects {
  /** Does work after the answer. */
  later(work: () => Promise<void>): void;
  /** Whether the file itself is there. */
  isThere(id: string, name: string): Promise<boolean>;
}

/** The copies of this data center. */
export function fileCache({ later, isThere }: KeepingEffects): FileCache {
  return {
    open: openCopy,
    describe: describeCopy,
    keep(id, file, bytes) {
      if (Date.now() < withoutUntil) {
        return;
      }
      later(async () => {
        const address = addressOf(id, file.name);
        await caches.default.put(address, copyOf(file, bytes)).catch(() => undefined);
        if ((await describeCopy(id, file.name)) === undefined) {
          withoutUntil = Date.now() + WITHOUT_MS;
          return;
        }
        // Removed meanwhile: a removal takes the file away first and then the copy, so whoever sees the
        // file here is before it, and it will find the copy.
        if (!(await isThere(id, file.name))) {
          await removeCopies(id, [file.name]);
        }
      });
    },
    remove: removeCopies,
  };
}

/** The copy of a file or of a part of it; undefined if there is none, or no cache. */
export async function openCopy(
  id: string,
  name: string,
  range?: ByteRange,
): Promise<OpenedFile | undefined> {
  const address = addressOf(id, name);
  const part = range && `${range.offset}-${range.offset + range.length - 1}`;
  try {
    const copy = await caches.default.match(
      part === undefined ? address : new Request(address, { headers: { range: `bytes=${part}` } }),
    );
    const file = copy && fileIn(copy, name);
    const { body, status } = copy ?? {};
    const whole =
      part === undefined
        ? status === 200
        : status === 206 && copy?.headers.get('content-range') === `bytes ${part}/${file?.bytes}`;
    if (file !== undefined && body && whole) {
      return { file, body };
    }
    await body?.cancel();
  } catch {
    // It is as if there were none.
  }
  return undefined;
}

async function describeCopy(id: string, name: string): Promise<StoredFile | undefined> {
  // The shortest part: a body that is given up half way is noted as a failure.
  const found = await openCopy(id, name, { offset: 0, length: 1 });
  await new Response(found?.body as BodyInit | undefined).arrayBuffer();
  return found?.file;
}

/** The same store, whose removals take the copies along; what is evicted is read from them on. */
export function withCopies<Store extends BlobStore>(blobs: Store, cache: FileCache): Store {
  return {
    ...blobs,
    async remove(id: string, names: readonly string[]) {
      await blobs.remove(id, names);
      await cache.remove(id, names);
    },
    evict: blobs.remove,
  };
}

async function removeCopies(id: string, names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map((name) => caches.default.delete(addressOf(id, name)).catch(() => false)),
  );
}

function addressOf(id: string, name: string): string {
  return `${PLACE}/${id}/${name}`;
}

function copyOf({ sha256, bytes: size, contentType }: StoredFile, bytes: Uint8Array): Response {
  return new Response(bytes as BodyInit, {
    headers: {
      [FILE_HEADER]: `${sha256} ${size}`,
      'Content-Type': contentType,
      // A part of it can be had only if its length is known.
      'Content-Length': String(size),
      'Cache-Control': `public, s-maxage=${KEPT_SECONDS}`,
    },
  });
}

function fileIn({ headers }: Response, name: string): StoredFile | undefined {
  const [, sha256, bytes] = FILE.exec(headers.get(FILE_HEADER) ?? '') ?? [];
  const contentType = headers.get('content-type');
  return sha256 && bytes && contentType
    ? { name, contentType, bytes: Number(bytes), sha256 }
    : undefined;
}
