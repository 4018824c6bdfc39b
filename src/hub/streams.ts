/**
 * Files of the static assets and of the bundles' bucket as streams, whole or in part, for files that
 * are too large to be read into memory only to be passed on. Bytes are not hashed on the way: the
 * client has their sha256. What the bucket itself knows, size and sha256, is compared.
 */
import { T2lError } from '../contract/errors.ts';
import type { ByteRange } from '../store/blobs.ts';
import type { RepositoryFile } from './repository.ts';

/** A file of the static assets. */
export async function streamAsset(
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

/** A file of an R2 bucket. */
export async function streamObject(
  bucket: Pick<R2Bucket, 'get'>,
  key: string,
  file: RepositoryFile,
  range?: ByteRange,
): Promise<ReadableStream> {
  const object = await bucket.get(key, range ? { range } : {});
  if (object === null) {
    return missing(key);
  }
  const { sha256 } = object.checksums.toJSON();
  if (object.size !== file.bytes || (sha256 !== undefined && sha256 !== file.sha256)) {
    await object.body.cancel();
    throw new T2lError(
      'bundle_digest_mismatch',
      `${key} is not the file of ${file.bytes} bytes that its manifest lists.`,
      { status: 500 },
    );
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

function missing(path: string): never {
  throw new T2lError('bundle_missing_file', `The file ${path} does not exist.`, { status: 500 });
}
