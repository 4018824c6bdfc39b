/** Rows of registered bundles and of channels (which version of a name answers) in D1. */
import { and, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { type ChannelRow, channels, type HypernetRow, hypernets } from './schema.ts';

export interface HypernetStore {
  byDigest(digest: string): Promise<HypernetRow | undefined>;
  byVersion(name: string, version: string): Promise<HypernetRow | undefined>;
  list(name?: string): Promise<readonly HypernetRow[]>;
  /** Writes the row unless its digest or its name and version are taken; says whether it did. */
  insert(row: HypernetRow): Promise<boolean>;
  channel(name: string): Promise<ChannelRow | undefined>;
  channels(): Promise<readonly ChannelRow[]>;
  /**
   * Makes a digest the active one of a name and remembers the one it replaces.
   *
   * @param before what was active when the name had no row yet, if anything
   */
  activate(name: string, digest: string, before: string | null, at: number): Promise<void>;
}

/** The hypernetwork rows of a D1 database. */
export function hypernetStore(database: D1Database): HypernetStore {
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
    async channel(name) {
      return db.select().from(channels).where(eq(channels.name, name)).get();
    },
    async channels() {
      return db.select().from(channels);
    },
    async activate(name, digest, before, at) {
      const row = { name, activeDigest: digest, previousDigest: before, updatedAt: at };
      await db
        .insert(channels)
        .values(row)
        .onConflictDoUpdate({
          target: channels.name,
          // In one statement, so that two activations at once cannot lose the digest between them.
          // Activating what is active already must not forget what was active before.
          set: {
            previousDigest: sql`case when ${channels.activeDigest} = ${digest} then ${channels.previousDigest} else ${channels.activeDigest} end`,
            activeDigest: digest,
            updatedAt: at,
          },
        });
    },
  };
}
