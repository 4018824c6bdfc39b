/**
 * Counts by day, in D1. Isolates add theirs every few minutes, in one statement, whatever their number: a row
 * written for every request would cost more than the request.
 */
import { gte, lt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { dayOf } from './quotas.ts';
import { stats } from './schema.ts';

const DAY_MS = 86_400_000;
/** Days that are kept, today included. */
export const STATS_DAYS = 31;

export interface StatStore {
  /** Adds counts to a day's. */
  add(day: string, counts: ReadonlyMap<string, number>): Promise<void>;
  /** The sums of all days from one on. */
  since(day: string): Promise<ReadonlyMap<string, number>>;
  /** Forgets days that are long over; gives how many counts that were. */
  forgetOld(at: number): Promise<number>;
}

/** The day that is the first of so many, of which a moment's is the last. */
export function firstDay(at: number, days: number): string {
  return dayOf(at - (days - 1) * DAY_MS);
}

/** The counts of a D1 database. */
export function statStore(database: D1Database): StatStore {
  const db = drizzle(database);
  return {
    async add(day, counts) {
      // As one value: D1 limits how many a statement may bind.
      const rows = JSON.stringify([...counts]);
      await db
        .insert(stats)
        .select(sql`select ${day}, value ->> 0, value ->> 1 from json_each(${rows}) where true`)
        .onConflictDoUpdate({
          target: [stats.day, stats.what],
          set: { count: sql`${stats.count} + excluded.count` },
        });
    },
    async since(day) {
      const rows = await db
        .select({ what: stats.what, count: sql<number>`sum(${stats.count})` })
        .from(stats)
        .where(gte(stats.day, day))
        .groupBy(stats.what)
        .orderBy(stats.what);
      return new Map(rows.map(({ what, count }) => [what, count]));
    },
    async forgetOld(at) {
      const { meta } = await db.delete(stats).where(lt(stats.day, firstDay(at, STATS_DAYS)));
      return meta.changes;
    },
  };
}
