/**
 * Files of the static assets and of the bundles' bucket, whole or in part. A file that fits is read into
 * memory and hashed before it is sent. A larger one is hashed as it passes: its last piece is held back
 * until the sha256 is known, and if it is wrong the answer breaks off, which no client takes for the whole
 * file. A part of a larger file is sent when all of it was hashed within the last minute, by this isolate,
 * and else hashed first.
 */

import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { toHex } from '../contract/hex.ts';
import { logLine } from '../contract/log.ts';
import { ALWAYS_CHECKED_BYTES } from '../pipeline/stored-files.ts';
import { type ByteRange, partOf } from '../store/blobs.ts';
import type { RepositoryFile } from './repository.ts';

/** Opens a file or a part of it where it lies. */
type Open = (range?: ByteRange) => Promise<ReadableStream>;

/** Ranges of one download follow each other within seconds. */
const REMEMBERED_MS = 60_000;
/** Paths of large files, and when they were hashed; of this isolate. */
const hashedAt = new Map<string, number>();
const MAX_REMEMBERED = 64;

/** A file of the static assets. */
export function readAsset(
  assets: Pick<Fetcher, 'fetch'>,
  path: string,
  file: RepositoryFile,
  range?: ByteRange,
): Promise<ReadableStream | Uint8Array> {
  return checked(path, file, (part) => openAsset(assets, path, part), range);
}

/** A file of an R2 bucket. */
export function readObject(
  bucket: Pick<R2Bucket, 'get'>,
  key: string,
  file: RepositoryFile,
  range?: ByteRange,
): Promise<ReadableStream | Uint8Array> {
  return checked(key, file, (part) => openObject(bucket, key, file, part), range);
}

async function checked(
  path: string,
  file: RepositoryFile,
  open: Open,
  range: ByteRange | undefined,
): Promise<ReadableStream | Uint8Array> {
  if (file.bytes <= ALWAYS_CHECKED_BYTES) {
    const bytes = new Uint8Array(await new Response(await open()).arrayBuffer());
    if ((await sha256Hex(bytes)) !== file.sha256) {
      throw damaged(path, file);
    }
    return partOf(bytes, range);
  }
  if (range === undefined) {
    return hashing(await open(), path, file);
  }
  const key = `${file.sha256} ${path}`;
  if (Date.now() - (hashedAt.get(key) ?? 0) > REMEMBERED_MS) {
    await hashing(await open(), path, file).pipeTo(new WritableStream());
    if (hashedAt.size >= MAX_REMEMBERED) {
      hashedAt.clear();
    }
    hashedAt.set(key, Date.now());
  }
  return open(range);
}

/** The same stream, but for its end if it is not the file. */
function hashing(stream: ReadableStream, path: string, file: RepositoryFile): ReadableStream {
  const hash = new crypto.DigestStream('SHA-256');
  const writer = hash.getWriter();
  let held: Uint8Array | undefined;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        await writer.write(chunk);
        if (held !== undefined) {
          controller.enqueue(held);
        }
        held = chunk;
      },
      async flush(controller) {
        await writer.close();
        if (toHex(new Uint8Array(await hash.digest)) !== file.sha256) {
          logLine('warn', 'damaged', { path });
          controller.error(damaged(path, file));
        } else if (held !== undefined) {
          controller.enqueue(held);
        }
      },
    }),
  );
}

async function openAsset(
  assets: Pick<Fetcher, 'fetch'>,
  path: string,
  range?: ByteRange,
): Promise<ReadableStream> {
  // The host is ignored: an assets binding looks at the path only. It knows no ranges.
  const response = await assets.fetch(`https://assets.local/${path}`);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    return missing(path);
  }
  return range ? part(response.body, range) : response.body;
}

async function openObject(
  bucket: Pick<R2Bucket, 'get'>,
  key: string,
  file: RepositoryFile,
  range?: ByteRange,
): Promise<ReadableStream> {
  const object = await bucket.get(key, range ? { range } : {});
  if (object === null) {
    return missing(key);
  }
  if (object.size !== file.bytes) {
    await object.body.cancel();
    throw damaged(key, file);
  }
  return object.body;
}

/** The part of a stream that a range names. */
function part(stream: ReadableStream, { offset, length }: ByteRange): ReadableStream {
  const end = offset + length;
  let position = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const start = position;
        position += chunk.length;
        if (position > offset && start < end) {
          controller.enqueue(chunk.subarray(Math.max(0, offset - start), end - start));
        }
        if (position >= end) {
          controller.terminate();
        }
      },
    }),
  );
}

function damaged(path: string, { bytes, sha256 }: RepositoryFile): T2lError {
  return new T2lError(
    'bundle_digest_mismatch',
    `${path} is not the file of ${bytes} bytes and sha256 ${sha256} that is listed; nothing is served.`,
    { status: 500 },
  );
}

function missing(path: string): never {
  throw new T2lError('bundle_missing_file', `The file ${path} does not exist.`, { status: 500 });
}
