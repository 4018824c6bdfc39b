/**
 * What came of making adapters while a canary runs, in D1: of its version and of the one it is compared with,
 * from the canary's start to its end. Without a canary nothing is counted.
 */
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { channels, type OutcomeRow, outcomes } from './schema.ts';

export interface OutcomeStore {
  /** Counts one adapter that a version made, or failed to, if the version is one of two that are compared. */
  noteOutcome(name: string, digest: string, failed: boolean): Promise<void>;
  /** What was counted for the versions of a name. */
  outcomes(name: string): Promise<readonly OutcomeRow[]>;
}

/** The outcomes in a D1 database. */
export function outcomeStore(database: D1Database): OutcomeStore {
  const db = drizzle(database);
  return {
    async noteOutcome(name, digest, failed) {
      const compared = sql`exists (select 1 from ${channels} where ${channels.name} = ${name}
        and ${channels.canaryDigest} is not null
        and ${digest} in (${channels.activeDigest}, ${channels.canaryDigest}))`;
      await db
        .insert(outcomes)
        .select(
          sql`select ${name}, ${digest}, ${failed ? 0 : 1}, ${failed ? 1 : 0} where ${compared}`,
        )
        .onConflictDoUpdate({
          target: [outcomes.name, outcomes.digest],
          set: {
            made: sql`${outcomes.made} + excluded.made`,
            failed: sql`${outcomes.failed} + excluded.failed`,
          },
        });
    },
    async outcomes(name) {
      return db.select().from(outcomes).where(eq(outcomes.name, name));
    },
  };
}
