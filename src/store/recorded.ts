/**
 * What this isolate has lately seen of adapters, so that whoever reads again need not ask D1:
 *
 *   of      the stored files of an id, with their sha256, which never change. Whether the adapter is still
 *           there, its object in R2 or the copy of it says, which a removal takes away before the row.
 *   seen    the same within a minute after the adapter was seen to be there: then who has the bytes is told so
 *           without anybody being asked
 *   tagOf   the entity tag of its document, just as long
 *
 * A removal by this isolate is known at once, and for a minute nothing is believed of that id: a read that
 * began before it may end after it. A removal by another isolate is known after a minute at the latest.
 */
import type { AdapterStore } from './adapters.ts';
import { latest } from './latest.ts';
import type { AdapterRow, StoredFile } from './schema.ts';

/** The entity tag of a document, and until when it is believed, in milliseconds since 1970. */
export interface DocumentTag {
  readonly tag: string;
  readonly until: number;
}

/** The files of adapters that were read lately. */
export interface Recorded {
  of(id: string): readonly StoredFile[] | undefined;
  seen(id: string): readonly StoredFile[] | undefined;
  /** The adapter was there just now, with these files. */
  note(row: Pick<AdapterRow, 'id' | 'files'>): void;
  /** @param address where the document was asked for: it has addresses of files in it */
  tagOf(id: string, address: string): DocumentTag | undefined;
  /** The tag of the document of an adapter that was noted before. */
  noteTag(id: string, address: string, tag: string): void;
  forget(id: string): void;
}

/** Adapters to remember; half a kilobyte each. */
const REMEMBERED = 1024;
/** Addresses of one endpoint; more of them are made up. */
const ADDRESSES = 4;
/** How long an adapter that was there is believed to be there. */
const BELIEVED_MS = 60_000;

/** Moments are milliseconds since 1970. */
interface Seen {
  readonly files: readonly StoredFile[];
  readonly at: number;
  /** By the address of the endpoint. */
  readonly tags: ReadonlyMap<string, DocumentTag>;
}

const recordedOf = new WeakMap<D1Database, Recorded>();

/** What this isolate remembers of a database's rows. */
export function recordedIn(database: D1Database): Recorded {
  let known = recordedOf.get(database);
  if (known === undefined) {
    known = createRecorded();
    recordedOf.set(database, known);
  }
  return known;
}

/** Remembers the adapters that were read last, `count` at most. */
export function createRecorded(count = REMEMBERED, now = () => Date.now()): Recorded {
  const adapters = latest<Seen>(count);
  const forgotten = latest<number>(count);

  function isLately(at = Number.NEGATIVE_INFINITY): boolean {
    return now() - at < BELIEVED_MS;
  }

  function believed(id: string): Seen | undefined {
    const seen = adapters.get(id);
    return isLately(seen?.at) ? seen : undefined;
  }

  return {
    of: (id) => adapters.get(id)?.files,
    seen: (id) => believed(id)?.files,
    note({ id, files }) {
      const before = adapters.get(id);
      const others = before?.files.filter(({ name }) => files.every((one) => one.name !== name));
      adapters.set(id, {
        files: [...files, ...(others ?? [])],
        at: isLately(forgotten.get(id)) ? Number.NEGATIVE_INFINITY : now(),
        tags: before?.tags ?? new Map(),
      });
    },
    tagOf(id, address) {
      const found = believed(id)?.tags.get(address);
      return found !== undefined && now() < found.until ? found : undefined;
    },
    noteTag(id, address, tag) {
      const seen = believed(id);
      if (seen !== undefined) {
        const others = [...seen.tags].filter(([one]) => one !== address).slice(1 - ADDRESSES);
        const until = now() + BELIEVED_MS;
        adapters.set(id, { ...seen, tags: new Map([...others, [address, { tag, until }]]) });
      }
    },
    forget(id) {
      adapters.delete(id);
      forgotten.set(id, now());
    },
  };
}

/** The same store, whose changes are remembered here: a row that is removed, or listed. */
export function forgetting<Store extends Pick<AdapterStore, 'enlist' | 'remove'>>(
  adapters: Store,
  recorded: Recorded,
): Store {
  return {
    ...adapters,
    async enlist(id: string) {
      await adapters.enlist(id);
      recorded.forget(id);
    },
    async remove(id: string) {
      recorded.forget(id);
      const removed = await adapters.remove(id);
      // Once more: somebody may have read it meanwhile.
      recorded.forget(id);
      return removed;
    },
  };
}
