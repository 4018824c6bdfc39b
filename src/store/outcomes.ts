/**
 * What came of making adapters while a canary runs, in D1: by its version and by the one it is compared with,
 * from the canary's start to its end. A description counts once, however often it is asked for: whoever
 * repeats one that fails has shown nothing more. Without a canary nothing is noted.
 */
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { channels, outcomes } from './schema.ts';

/** Descriptions of which a version made an adapter, and of which it could not. */
export interface OutcomeCount {
  readonly digest: string;
  readonly made: number;
  readonly failed: number;
}

export interface OutcomeStore {
  /** Notes what came of a description, if the version is one of two that are compared. */
  noteOutcome(name: string, digest: string, key: string, failed: boolean): Promise<void>;
  /** What came of all of them, by version. */
  outcomes(name: string): Promise<readonly OutcomeCount[]>;
}

/** The outcomes in a D1 database. */
export function outcomeStore(database: D1Database): OutcomeStore {
  const db = drizzle(database);
  return {
    async noteOutcome(name, digest, key, failed) {
      const compared = sql`exists (select 1 from ${channels} where ${channels.name} = ${name}
        and ${channels.canaryDigest} is not null
        and ${digest} in (${channels.activeDigest}, ${channels.canaryDigest}))`;
      await db
        .insert(outcomes)
        .select(sql`select ${name}, ${digest}, ${key}, ${failed ? 1 : 0} where ${compared}`)
        .onConflictDoNothing();
    },
    async outcomes(name) {
      return db
        .select({
          digest: outcomes.digest,
          made: sql<number>`sum(1 - ${outcomes.failed})`,
          failed: sql<number>`sum(${outcomes.failed})`,
        })
        .from(outcomes)
        .where(eq(outcomes.name, name))
        .groupBy(outcomes.digest);
    },
  };
}
