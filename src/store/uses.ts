/**
 * What of the adapters lies in R2, how much it is and when it was last used, in D1: R2 itself knows neither
 * a sum nor a time of reading. It is kept a little behind and never waited for; what is lost of it costs an
 * adapter at most its place in the order of eviction, which a reader does not notice.
 */
import { and, eq, gt, lt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { uses } from './schema.ts';

/** An adapter with files in R2. */
export interface StoredUse {
  readonly id: string;
  readonly bytes: number;
}

export interface UseStore {
  /** Its files were written, now or again. */
  stored(id: string, bytes: number, madeBy: string, day: string): Promise<void>;
  /** It was read. */
  read(id: string, day: string): Promise<void>;
  /** It is gone. */
  forget(id: string): Promise<void>;
  /** Its files are gone, and can be made again. */
  evicted(ids: readonly string[]): Promise<void>;
  /** Bytes of all files. */
  total(): Promise<number>;
  /** Those with files that were used least recently. */
  oldest(limit: number): Promise<readonly StoredUse[]>;
  /** Those that somebody without a token had made before a day, and nobody ever read. */
  unread(before: string, limit: number): Promise<readonly string[]>;
}

/** Who made an adapter without a token. */
export const ANONYMOUS = 'anonymous';

/** The uses in a D1 database. */
export function useStore(database: D1Database): UseStore {
  const db = drizzle(database);
  return {
    async stored(adapterId, bytes, madeBy, usedOn) {
      await db
        .insert(uses)
        .values({ adapterId, madeBy, bytes, usedOn, read: false })
        // Made again for a reader: whose it is stays.
        .onConflictDoUpdate({ target: uses.adapterId, set: { bytes, usedOn } });
    },
    async read(id, usedOn) {
      await db.update(uses).set({ usedOn, read: true }).where(eq(uses.adapterId, id));
    },
    async forget(id) {
      await db.delete(uses).where(eq(uses.adapterId, id));
    },
    async evicted(ids) {
      // As one value: D1 limits how many a statement may bind.
      const those = sql`SELECT value FROM json_each(${JSON.stringify(ids)})`;
      await db.update(uses).set({ bytes: 0 }).where(sql`${uses.adapterId} IN (${those})`);
    },
    async total() {
      const row = await db
        .select({ bytes: sql<number>`coalesce(sum(${uses.bytes}), 0)` })
        .from(uses)
        .get();
      return row?.bytes ?? 0;
    },
    async oldest(limit) {
      return db
        .select({ id: uses.adapterId, bytes: uses.bytes })
        .from(uses)
        .where(gt(uses.bytes, 0))
        .orderBy(uses.usedOn, uses.adapterId)
        .limit(limit);
    },
    async unread(before, limit) {
      const rows = await db
        .select({ id: uses.adapterId })
        .from(uses)
        .where(and(lt(uses.usedOn, before), eq(uses.read, false), eq(uses.madeBy, ANONYMOUS)))
        .orderBy(uses.usedOn, uses.adapterId)
        .limit(limit);
      return rows.map(({ id }) => id);
    },
  };
}
