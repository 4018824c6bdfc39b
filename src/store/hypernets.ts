/** Rows of registered bundles in D1, with the channels, the yanks and the outcomes of their names. */
import { and, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { type ChannelStore, channelStore } from './channels.ts';
import { type OutcomeStore, outcomeStore } from './outcomes.ts';
import { type HypernetRow, hypernets } from './schema.ts';
import { steady, TRY_MS } from './steady.ts';
import { type YankStore, yankStore } from './yanks.ts';

export interface HypernetStore extends ChannelStore, OutcomeStore, YankStore {
  byDigest(digest: string): Promise<HypernetRow | undefined>;
  byVersion(name: string, version: string): Promise<HypernetRow | undefined>;
  list(name?: string): Promise<readonly HypernetRow[]>;
  /** Writes the row unless its digest or its name and version are taken; says whether it did. */
  insert(row: HypernetRow): Promise<boolean>;
}

/** The hypernetwork rows of a D1 database. */
export function hypernetStore(database: D1Database): HypernetStore {
  const channels = channelStore(database);
  // Counting twice is not counting once, and an activation that was done finds something else active.
  return {
    ...steady({ ...channels, ...yankStore(database), ...versionStore(database) }),
    ...steady({ activate: channels.activate, ...outcomeStore(database) }, TRY_MS, 1),
  };
}

/** The rows of registered bundles alone. */
function versionStore(
  database: D1Database,
): Omit<HypernetStore, keyof ChannelStore | keyof OutcomeStore | keyof YankStore> {
  const db = drizzle(database);
  return {
    async byDigest(digest) {
      return db.select().from(hypernets).where(eq(hypernets.digest, digest)).get();
    },
    async byVersion(name, version) {
      const same = and(eq(hypernets.name, name), eq(hypernets.version, version));
      return db.select().from(hypernets).where(same).get();
    },
    async list(name) {
      const query = db.select().from(hypernets);
      return name === undefined ? query : query.where(eq(hypernets.name, name));
    },
    async insert(row) {
      const result = await db.insert(hypernets).values(row).onConflictDoNothing();
      return result.meta.changes > 0;
    },
  };
}
