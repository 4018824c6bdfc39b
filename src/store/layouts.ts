/**
 * What files of other layouts were when they were first made: their sha256, by the tag that names what
 * they follow from (`pipeline/layout-file.ts`). Nobody stores the bytes, so this is what a later making
 * is held to.
 */
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { layouts } from './schema.ts';

export interface LayoutStore {
  /** Notes the sha256 of a file of an adapter unless one is noted for the tag; gives the noted one. */
  firstMade(id: string, tag: string, sha256: string): Promise<string>;
  /** Forgets the files of an adapter. */
  remove(id: string): Promise<void>;
}

/** The layouts of a D1 database. */
export function layoutStore(database: D1Database): LayoutStore {
  const db = drizzle(database);
  return {
    async firstMade(adapterId, tag, sha256) {
      const noted = () =>
        db.select({ sha256: layouts.sha256 }).from(layouts).where(eq(layouts.tag, tag)).get();
      const known = await noted();
      if (known !== undefined) {
        return known.sha256;
      }
      await db.insert(layouts).values({ tag, adapterId, sha256 }).onConflictDoNothing();
      // Another reader may have been first.
      return (await noted())?.sha256 ?? sha256;
    },
    async remove(adapterId) {
      await db.delete(layouts).where(eq(layouts.adapterId, adapterId));
    },
  };
}
