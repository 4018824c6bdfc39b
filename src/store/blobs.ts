/**
 * Adapter files in R2, one object a file under `adapters/<id>/`. Objects are written once, with the
 * sha256 that R2 itself checks, and are only a cache: whoever reads must be ready for `null`.
 */

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

export interface BlobStore {
  /** Stores the files; an object that has the same bytes already is left alone. */
  put(id: string, files: readonly BlobFile[]): Promise<void>;
  /** The bytes of a file or a part of it; null when it is absent or is not the file of that sha256. */
  get(
    id: string,
    file: { readonly name: string; readonly sha256: string },
    range?: ByteRange,
  ): Promise<ReadableStream | null>;
  remove(id: string, names: readonly string[]): Promise<void>;
}

/** The adapter files of an R2 bucket. */
export function blobStore(bucket: R2Bucket): BlobStore {
  return {
    async put(id, files) {
      await Promise.all(files.map((file) => putFile(bucket, keyOf(id, file.name), file)));
    },
    async get(id, file, range) {
      const object = await bucket.get(keyOf(id, file.name), range ? { range } : {});
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
  };
}

async function putFile(bucket: R2Bucket, key: string, file: BlobFile): Promise<void> {
  const options = {
    sha256: file.sha256,
    httpMetadata: { contentType: file.contentType },
  };
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

function keyOf(id: string, name: string): string {
  return `adapters/${id}/${name}`;
}

function sha256Of(object: R2Object): string | undefined {
  return object.checksums.toJSON().sha256;
}
