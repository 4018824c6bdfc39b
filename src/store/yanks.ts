/**
 * Versions that are to make no new adapters, in D1. A yank is written only where the channel of its name
 * still names what was seen there, by one statement: nobody can activate a version while it is yanked.
 */
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { channelNames } from './channels.ts';
import { channels, type YankRow, yanks } from './schema.ts';

export interface YankStore {
  yank(digest: string): Promise<YankRow | undefined>;
  yanks(name?: string): Promise<readonly YankRow[]>;
  /**
   * Yanks a version, or gives another reason for it, unless the channel of its name names something else
   * than was seen or it is a canary; says whether it did.
   *
   * @param seen what the channel's row named when it was looked at; null if there was none
   */
  addYank(row: YankRow, seen: string | null): Promise<boolean>;
}

/** The yanks of a D1 database. */
export function yankStore(database: D1Database): YankStore {
  const db = drizzle(database);
  return {
    async yank(digest) {
      return db.select().from(yanks).where(eq(yanks.digest, digest)).get();
    },
    async yanks(name) {
      const query = db.select().from(yanks);
      return name === undefined ? query : query.where(eq(yanks.name, name));
    },
    async addYank({ digest, name, reason, yankedAt }, seen) {
      const result = await db
        .insert(yanks)
        .select(
          sql`select ${digest}, ${name}, ${reason}, ${yankedAt} where ${channelNames(name, seen)} and not exists (select 1 from ${channels} where ${channels.canaryDigest} = ${digest})`,
        )
        .onConflictDoUpdate({ target: yanks.digest, set: { reason } });
      return result.meta.changes > 0;
    },
  };
}
