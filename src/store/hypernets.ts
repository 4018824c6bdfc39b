/** Rows of registered bundles in D1, with the channels and the yanks of their names. */
import { and, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { type ChannelStore, channelStore } from './channels.ts';
import { type HypernetRow, hypernets } from './schema.ts';
import { type YankStore, yankStore } from './yanks.ts';

export interface HypernetStore extends ChannelStore, YankStore {
  byDigest(digest: string): Promise<HypernetRow | undefined>;
  byVersion(name: string, version: string): Promise<HypernetRow | undefined>;
  list(name?: string): Promise<readonly HypernetRow[]>;
  /** Writes the row unless its digest or its name and version are taken; says whether it did. */
  insert(row: HypernetRow): Promise<boolean>;
}

/** The hypernetwork rows of a D1 database. */
export function hypernetStore(database: D1Database): HypernetStore {
  const db = drizzle(database);
  return {
    ...channelStore(database),
    ...yankStore(database),
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
