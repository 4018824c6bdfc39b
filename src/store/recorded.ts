/**
 * What was read of rows before: the stored files that an id stands for, with their sha256. A row never
 * changes, so whoever reads a file again need not ask D1 for its hash, and hashes the bytes by what is
 * remembered. Whether the adapter is still there, the object in R2 says, which a removal takes away before
 * the row: where there is none, or a damaged one, the row is asked anew.
 */
import type { AdapterRow, StoredFile } from './schema.ts';

/** The files of adapters that were read lately. */
export interface Recorded {
  of(id: string): readonly StoredFile[] | undefined;
  note(row: Pick<AdapterRow, 'id' | 'files'>): void;
  forget(id: string): void;
}

/** Adapters to remember; half a kilobyte each. */
const REMEMBERED = 1024;

const recordedOf = new WeakMap<D1Database, Recorded>();

/** What this isolate remembers of a database's rows. */
export function recordedIn(database: D1Database): Recorded {
  const known = recordedOf.get(database) ?? createRecorded();
  recordedOf.set(database, known);
  return known;
}

/** Remembers the adapters that were read last, `count` at most. */
export function createRecorded(count = REMEMBERED): Recorded {
  // A Map iterates in order of insertion: what is read is inserted again.
  const files = new Map<string, readonly StoredFile[]>();

  function keep(id: string, ofRow: readonly StoredFile[]): void {
    files.delete(id);
    files.set(id, ofRow);
    const oldest = files.keys().next().value;
    if (files.size > count && oldest !== undefined) {
      files.delete(oldest);
    }
  }

  return {
    of(id) {
      const known = files.get(id);
      if (known !== undefined) {
        keep(id, known);
      }
      return known;
    },
    note: (row) => keep(row.id, row.files),
    forget(id) {
      files.delete(id);
    },
  };
}
