/** Adapter files whose writing and reading is noted (uses.ts), without anyone waiting for it. */
import type { BlobStore } from './blobs.ts';
import { dayOf } from './quotas.ts';
import type { UseStore } from './uses.ts';

/** What noting takes. */
export interface Noting {
  readonly uses: UseStore;
  /** Who asks: the id of a token, `admin`, or `anonymous`. */
  madeBy(): Promise<string>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Does work after the answer; its failure is nobody's. */
  later(work: () => Promise<void>): void;
}

/** Adapters of which an isolate remembers that it noted their reading today. */
const REMEMBERED = 10_000;

const notedBy = new WeakMap<R2Bucket, Map<string, string>>();

/**
 * The same files, with notes.
 *
 * @param bucket where they lie: an isolate notes the reading of each once a day
 */
export function trackedBlobs(
  blobs: BlobStore,
  bucket: R2Bucket,
  { uses, madeBy, now, later }: Noting,
): BlobStore {
  const noted = notedBy.get(bucket) ?? new Map<string, string>();
  notedBy.set(bucket, noted);

  function noteRead(id: string): void {
    const day = dayOf(now());
    if (noted.get(id) === day) {
      return;
    }
    if (noted.size >= REMEMBERED) {
      noted.clear();
    }
    noted.set(id, day);
    later(() => uses.read(id, day));
  }

  return {
    ...blobs,
    async put(id, files, replace) {
      await blobs.put(id, files, replace);
      const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
      later(async () => uses.stored(id, bytes, await madeBy(), dayOf(now())));
    },
    async read(id, file) {
      const found = await blobs.read(id, file);
      if (typeof found !== 'string') {
        noteRead(id);
      }
      return found;
    },
    async get(id, file, range) {
      const found = await blobs.get(id, file, range);
      if (found !== null) {
        noteRead(id);
      }
      return found;
    },
    async remove(id, names) {
      await blobs.remove(id, names);
      noted.delete(id);
      later(() => uses.forget(id));
    },
  };
}
