/**
 * Tokens in D1. An isolate remembers for a minute what it found, so that reading a private endpoint does not
 * ask D1 for every file: a token that is revoked may go on for that long.
 */
import { and, desc, eq, isNull } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { type TokenRow, tokens } from './schema.ts';
import { steady } from './steady.ts';

/** How long a revoked token may still be taken. */
export const TOKEN_MEMORY_MS = 60_000;
/** Tokens that an isolate remembers: more than a team has, and few enough to keep. */
const REMEMBERED = 1000;

export interface TokenStore {
  /** The token of a hash, also one that is expired or revoked. */
  byHash(hash: string): Promise<TokenRow | undefined>;
  insert(row: TokenRow): Promise<void>;
  /** Newest first. */
  list(): Promise<readonly TokenRow[]>;
  /** Notes that a token is revoked; says whether there was such a one, revoked before or not. */
  revoke(id: string, at: number): Promise<boolean>;
}

interface Memory {
  readonly row: TokenRow;
  readonly until: number;
}

/** By database: tests have several in one isolate. */
const memories = new WeakMap<D1Database, Map<string, Memory>>();

/** The tokens of a D1 database. */
export function tokenStore(database: D1Database, now: () => number): TokenStore {
  const db = drizzle(database);
  const memory = memories.get(database) ?? new Map<string, Memory>();
  memories.set(database, memory);

  return steady<TokenStore>({
    async byHash(hash) {
      const kept = memory.get(hash);
      if (kept !== undefined && now() < kept.until) {
        return kept.row;
      }
      memory.delete(hash);
      const row = await db.select().from(tokens).where(eq(tokens.hash, hash)).get();
      // Unknown ones are not remembered: there is no end of them.
      if (row !== undefined) {
        if (memory.size >= REMEMBERED) {
          memory.clear();
        }
        memory.set(hash, { row, until: now() + TOKEN_MEMORY_MS });
      }
      return row;
    },
    async insert(row) {
      await db.insert(tokens).values(row).onConflictDoNothing();
    },
    async list() {
      return db.select().from(tokens).orderBy(desc(tokens.createdAt), desc(tokens.id));
    },
    async revoke(id, at) {
      const alive = and(eq(tokens.id, id), isNull(tokens.revokedAt));
      await db.update(tokens).set({ revokedAt: at }).where(alive);
      const row = await db.select().from(tokens).where(eq(tokens.id, id)).get();
      if (row !== undefined) {
        memory.delete(row.hash);
      }
      return row !== undefined;
    },
  });
}
