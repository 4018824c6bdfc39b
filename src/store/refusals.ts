/**
 * What was removed for good, in D1. Whoever has a text removed does not want it kept, so of a description
 * there is only the sha256 of the form in which searches compare texts: the same words, however they are
 * typed, at any strength and by any hypernetwork, are the same. An encoder reads more texts alike than that, so
 * the sha256 of its vector is there too, which is asked for when the vector is known.
 */
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { type AdapterInput, sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { searchText } from '../contract/search-text.ts';
import { refusals } from './schema.ts';

export interface RefusalStore {
  add(keys: readonly string[], at: number): Promise<void>;
  /** Whether one of them is refused. */
  has(keys: readonly string[]): Promise<boolean>;
  lift(keys: readonly string[]): Promise<void>;
}

/** What an adapter is refused by: its description's words, or its id and its vector. */
export async function keysOf(id: string, input: AdapterInput): Promise<readonly string[]> {
  if (!('description' in input)) {
    return [id, await vectorKey(input.embedding)];
  }
  const folded = new TextEncoder().encode(searchText(input.description));
  return [`text:${await sha256Hex(folded)}`];
}

/** What an encoder's vector is refused by, whatever words it is of. */
export async function vectorKey(embedding: Float32Array): Promise<string> {
  return `vector:${await sha256Hex(new Uint8Array(new Float32Array(embedding).buffer))}`;
}

/**
 * Lets pass what nobody removed for good.
 *
 * @throws T2lError `adapter_refused`
 */
export async function requireWanted(
  keys: readonly string[],
  store: Pick<RefusalStore, 'has'>,
): Promise<void> {
  if (await store.has(keys)) {
    throw new T2lError(
      'adapter_refused',
      'This adapter was removed for good, and is not made again here.',
    );
  }
}

/** The refusals of a D1 database. */
export function refusalStore(database: D1Database): RefusalStore {
  const db = drizzle(database);
  return {
    async add(keys, refusedAt) {
      await db
        .insert(refusals)
        .values(keys.map((key) => ({ key, refusedAt })))
        .onConflictDoNothing();
    },
    async has(keys) {
      const wanted = sql`SELECT value FROM json_each(${JSON.stringify(keys)})`;
      const row = await db.select().from(refusals).where(sql`${refusals.key} IN (${wanted})`).get();
      return row !== undefined;
    },
    async lift(keys) {
      for (const key of keys) {
        await db.delete(refusals).where(eq(refusals.key, key));
      }
    },
  };
}
