/**
 * How many adapters were made in a day, and for whom, in D1: a platform's rate limit counts in one place of
 * the network and forgets after a minute. A day is one of UTC.
 */
import { and, eq, gt, like, lt, or, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { quotas } from './schema.ts';

const DAY_MS = 86_400_000;
/** Days that are kept, to be looked at; */
const KEPT_DAYS = 31;
/** of addresses, which are many, as long as they are needed. */
export const FROM = 'from:';

export interface QuotaStore {
  /**
   * Counts one more, unless the limit is reached; says whether it was counted. One statement, so that
   * requests at once cannot pass the limit together.
   */
  take(who: string, limit: number, at: number): Promise<boolean>;
  /** Takes one back that was counted, at a moment of the same day. */
  giveBack(who: string, at: number): Promise<void>;
  /** Forgets days that are long over. */
  forgetOld(at: number): Promise<number>;
}

/** The day of a moment, as `2026-11-29`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Seconds until the day of a moment is over. */
export function secondsLeft(at: number): number {
  return Math.ceil((DAY_MS - (at % DAY_MS)) / 1000);
}

/** The counts of a D1 database. */
export function quotaStore(database: D1Database): QuotaStore {
  const db = drizzle(database);
  return {
    async take(who, limit, at) {
      if (limit <= 0) {
        return false;
      }
      const counted = await db
        .insert(quotas)
        .values({ who, day: dayOf(at), made: 1 })
        .onConflictDoUpdate({
          target: [quotas.who, quotas.day],
          set: { made: sql`${quotas.made} + 1` },
          setWhere: lt(quotas.made, limit),
        });
      return counted.meta.changes > 0;
    },
    async giveBack(who, at) {
      await db
        .update(quotas)
        .set({ made: sql`${quotas.made} - 1` })
        .where(and(eq(quotas.who, who), eq(quotas.day, dayOf(at)), gt(quotas.made, 0)));
    },
    async forgetOld(at) {
      const old = lt(quotas.day, dayOf(at - KEPT_DAYS * DAY_MS));
      const past = and(like(quotas.who, `${FROM}%`), lt(quotas.day, dayOf(at)));
      const { meta } = await db.delete(quotas).where(or(old, past));
      return meta.changes;
    },
  };
}
