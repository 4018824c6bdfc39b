/**
 * Stores whose use is noted (uses.ts), without anyone waiting for it. An adapter is used by whoever asks for
 * its row, be it for the document, a file or the same again, and by whoever reads its files by what is
 * remembered of the row.
 */
import type { AdapterStore } from './adapters.ts';
import type { StatingBlobStore } from './blobs.ts';
import type { FileCache } from './file-cache.ts';
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

/** The stores, noted. */
export interface TrackedStores {
  readonly adapters: AdapterStore;
  readonly blobs: StatingBlobStore;
  readonly cache: FileCache;
}

/** Adapters of which an isolate remembers that it noted their use today. */
const REMEMBERED = 10_000;

const notedOf = new WeakMap<object, Map<string, string>>();

/**
 * The same stores, with notes.
 *
 * @param place whose isolate-wide memory it is: a use is noted once a day
 */
export function tracked(
  { adapters, blobs, cache }: TrackedStores,
  place: object,
  { uses, madeBy, now, later }: Noting,
): TrackedStores {
  const noted = notedOf.get(place) ?? new Map<string, string>();
  notedOf.set(place, noted);

  function noteUse(id: string): void {
    const day = dayOf(now());
    if (noted.get(id) === day) {
      return;
    }
    if (noted.size >= REMEMBERED) {
      noted.clear();
    }
    noted.set(id, day);
    later(() => uses.used(id, day));
  }

  return {
    adapters: {
      ...adapters,
      async get(id) {
        const row = await adapters.get(id);
        if (row !== undefined) {
          noteUse(id);
        }
        return row;
      },
      async findByPrefix(prefix) {
        const rows = await adapters.findByPrefix(prefix);
        const [row, ...others] = rows;
        if (row !== undefined && others.length === 0) {
          noteUse(row.id);
        }
        return rows;
      },
    },
    blobs: {
      ...blobs,
      async put(id, files, replace) {
        await blobs.put(id, files, replace);
        const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
        later(async () => uses.stored(id, bytes, await madeBy(), dayOf(now())));
      },
      async read(id, file) {
        const found = await blobs.read(id, file);
        if (typeof found !== 'string') {
          noteUse(id);
        }
        return found;
      },
      async get(id, file, range) {
        const found = await blobs.get(id, file, range);
        if (found !== null) {
          noteUse(id);
        }
        return found;
      },
      async open(id, name, hashed) {
        const found = await blobs.open(id, name, hashed);
        if (typeof found !== 'string') {
          noteUse(id);
        }
        return found;
      },
      async describe(id, name) {
        const file = await blobs.describe(id, name);
        if (file !== undefined) {
          noteUse(id);
        }
        return file;
      },
      async remove(id, names) {
        await blobs.remove(id, names);
        noted.delete(id);
        later(() => uses.forget(id));
      },
    },
    cache: {
      ...cache,
      async open(id, name, range) {
        const found = await cache.open(id, name, range);
        if (found !== undefined) {
          noteUse(id);
        }
        return found;
      },
      async describe(id, name) {
        const file = await cache.describe(id, name);
        if (file !== undefined) {
          noteUse(id);
        }
        return file;
      },
    },
  };
}
