/**
 * What of the adapters lies in R2, how much it is and when it was last used, in D1: R2 itself knows neither
 * a sum nor a time of reading. It is kept a little behind and never waited for; what is lost of it the audit
 * finds, which sees every row and every file.
 */
import { and, eq, gt, lt, ne, sql } from 'drizzle-orm';
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
  /** Somebody asked for it. */
  used(id: string, day: string): Promise<void>;
  /** Its files are so many bytes, whatever was noted. What nobody noted never expires. */
  found(id: string, bytes: number, day: string): Promise<void>;
  /** It is gone. */
  forget(id: string): Promise<void>;
  /** Its files are gone, and can be made again. */
  evicted(ids: readonly string[]): Promise<void>;
  /** How many adapters there are, and the bytes of all their files. */
  sums(): Promise<{ adapters: number; bytes: number }>;
  /** Those with files that were used least recently. */
  oldest(limit: number): Promise<readonly StoredUse[]>;
  /** Those that somebody without a token had made before a day, and nobody ever asked for. */
  unused(before: string, limit: number): Promise<readonly string[]>;
  /** Those that somebody without a token had made: first what nobody asked for, then what was used least recently. */
  spare(limit: number): Promise<readonly string[]>;
  /**
   * Notes that the files of one of `unused` go, if it still is one; says whether it is. It remains one until
   * it is forgotten, so that a removal that fails is tried again.
   */
  expire(id: string, before: string): Promise<boolean>;
}

/** Who made an adapter without a token. */
export const ANONYMOUS = 'anonymous';
const UNKNOWN = 'unknown';

/** The uses in a D1 database. */
export function useStore(database: D1Database): UseStore {
  const db = drizzle(database);

  /** What expires before a day. */
  function expiring(before: string) {
    return and(lt(uses.usedOn, before), eq(uses.read, false), eq(uses.madeBy, ANONYMOUS));
  }

  return {
    async stored(adapterId, bytes, madeBy, usedOn) {
      await db
        .insert(uses)
        .values({ adapterId, madeBy, bytes, usedOn, read: false })
        // Made again for a reader: whose it is stays.
        .onConflictDoUpdate({ target: uses.adapterId, set: { bytes, usedOn } });
    },
    async used(id, usedOn) {
      await db.update(uses).set({ usedOn, read: true }).where(eq(uses.adapterId, id));
    },
    async found(adapterId, bytes, usedOn) {
      await db
        .insert(uses)
        .values({ adapterId, madeBy: UNKNOWN, bytes, usedOn, read: true })
        .onConflictDoUpdate({
          target: uses.adapterId,
          set: { bytes },
          setWhere: ne(uses.bytes, bytes),
        });
    },
    async forget(id) {
      await db.delete(uses).where(eq(uses.adapterId, id));
    },
    async evicted(ids) {
      // As one value: D1 limits how many a statement may bind.
      const those = sql`SELECT value FROM json_each(${JSON.stringify(ids)})`;
      await db.update(uses).set({ bytes: 0 }).where(sql`${uses.adapterId} IN (${those})`);
    },
    async sums() {
      const row = await db
        .select({
          adapters: sql<number>`count(*)`,
          bytes: sql<number>`coalesce(sum(${uses.bytes}), 0)`,
        })
        .from(uses)
        .get();
      return row ?? { adapters: 0, bytes: 0 };
    },
    async oldest(limit) {
      return db
        .select({ id: uses.adapterId, bytes: uses.bytes })
        .from(uses)
        .where(gt(uses.bytes, 0))
        .orderBy(uses.usedOn, uses.adapterId)
        .limit(limit);
    },
    async unused(before, limit) {
      const rows = await db
        .select({ id: uses.adapterId })
        .from(uses)
        .where(expiring(before))
        .orderBy(uses.usedOn, uses.adapterId)
        .limit(limit);
      return rows.map(({ id }) => id);
    },
    async spare(limit) {
      const rows = await db
        .select({ id: uses.adapterId })
        .from(uses)
        .where(eq(uses.madeBy, ANONYMOUS))
        .orderBy(uses.read, uses.usedOn, uses.adapterId)
        .limit(limit);
      return rows.map(({ id }) => id);
    },
    async expire(id, before) {
      const { meta } = await db
        .update(uses)
        .set({ bytes: 0 })
        .where(and(eq(uses.adapterId, id), expiring(before)));
      return meta.changes > 0;
    },
  };
}
