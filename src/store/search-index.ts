/**
 * Searches within descriptions by the index of migration 0004. Its terms are all runs of three characters,
 * its documents moments: the texts of all adapters that were made in one millisecond. What is sought can be
 * only where all of its pieces are, so the index gives a few moments, newest first as the list is, and
 * whoever asks looks into their rows, which makes the answer exact:
 *
 *   sought "sort the"  ->  "sor" AND "t t" AND "the"  ->  moments  ->  rows  ->  instr(search_text, "sort the")
 *
 * One and two characters make no piece: for those there is no index.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { DrizzleD1Database } from 'drizzle-orm/d1';

/** Characters of a piece, by the tokenizer of the index. */
const PIECE = 3;

/** Pieces that are asked for: these narrow enough, and each costs a look through its moments. */
const MAX_PIECES = 16;

/** Moments to look at, from the newest to the oldest; none means no bound. */
export interface Moments {
  readonly newest: number | undefined;
  readonly oldest: number | undefined;
}

/** What the index is asked for a text; undefined if the text is too short for it. */
export function piecesOf(sought: string): string | undefined {
  const characters = [...sought];
  if (characters.length < PIECE) {
    return undefined;
  }
  // Every third piece, and the last: together they have all characters.
  const starts = Array.from({ length: Math.ceil(characters.length / PIECE) }, (_, index) =>
    Math.min(index * PIECE, characters.length - PIECE),
  );
  const pieces = new Set(
    starts.map((start) =>
      characters
        .slice(start, start + PIECE)
        .join('')
        .replaceAll('"', '""'),
    ),
  );
  // A query of the index ends at a NUL, so pieces with one are left to the look into each text.
  const asked = [...pieces].filter((piece) => !piece.includes('\0')).slice(0, MAX_PIECES);
  return asked.map((piece) => `"${piece}"`).join(' AND ') || undefined;
}

/** The moments at which an adapter may have been made whose text has all pieces, as a subquery. */
export function momentsWith(pieces: string, { newest, oldest }: Moments): SQL {
  // D1 binds numbers as doubles, which the index takes for no bound at all: it would read all moments.
  const bounds = [
    newest === undefined ? sql`` : sql` AND rowid <= CAST(${newest} AS INTEGER)`,
    oldest === undefined ? sql`` : sql` AND rowid >= CAST(${oldest} AS INTEGER)`,
  ];
  return sql`SELECT rowid FROM adapters_search WHERE adapters_search MATCH ${pieces}${sql.join(bounds)}`;
}

/** The last of so many moments from the newest one; undefined if there are no more than that. */
export async function endOfMoments(
  db: DrizzleD1Database,
  pieces: string,
  newest: number | undefined,
  count: number,
): Promise<number | undefined> {
  const moments = momentsWith(pieces, { newest, oldest: undefined });
  const last = await db.get<{ rowid: number } | undefined>(
    sql`${moments} ORDER BY rowid DESC LIMIT 1 OFFSET ${count - 1}`,
  );
  return last?.rowid;
}
