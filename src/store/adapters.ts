/**
 * Adapter rows in D1. Rows are written once and never changed, so a reader needs no transaction: a
 * row is either there, whole, or not there. Only whether lists have it may change, once: an unlisted
 * adapter that somebody asks for as a listed one is listed from then on, and never the other way.
 */
import { and, desc, eq, gte, lt, or, type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { ListPosition } from '../contract/cursor.ts';
import { SEARCHED_ROWS } from '../contract/limits.ts';
import type { OutputKind } from '../contract/output-kinds.ts';
import { searchText, soughtText } from '../contract/search-text.ts';
import { type AdapterRow, adapters } from './schema.ts';
import { endOfMoments, momentsWith, piecesOf } from './search-index.ts';

/** Which adapters a list has: `all` is for what looks after them, no matter who may see them. */
export type Listing = 'listed' | 'unlisted' | 'all';

/** Which adapters to list. */
export interface ListQuery {
  /** `listed` if left out. */
  readonly listing?: Listing | undefined;
  readonly hypernet?: string | undefined;
  readonly baseModel?: string | undefined;
  /** The kind of adapter. */
  readonly output?: OutputKind | undefined;
  /** Bundles of which one made it. */
  readonly digests?: readonly string[] | undefined;
  /** Text the description contains, however it is typed. */
  readonly search?: string | undefined;
  readonly limit: number;
  readonly after?: ListPosition | undefined;
}

/** A page of rows, newest first, and where the next one begins, if there is one. */
export interface ListPage {
  readonly rows: readonly AdapterRow[];
  readonly next: ListPosition | undefined;
}

export interface AdapterStore {
  get(id: string): Promise<AdapterRow | undefined>;
  /** At most two rows whose id begins so: enough to tell none, one and several apart. */
  findByPrefix(prefix: string): Promise<readonly AdapterRow[]>;
  /** Those of some ids that have a row. */
  existing(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Writes the row unless one with its id exists; says whether it was written. */
  insert(row: AdapterRow): Promise<boolean>;
  list(query: ListQuery): Promise<ListPage>;
  /** Lets lists and searches have an unlisted row. */
  enlist(id: string): Promise<void>;
  /** Rows, unlisted ones too, whose description is the same, however it is typed. */
  alike(description: string): Promise<readonly AdapterRow[]>;
  /** Says whether there was such a row. */
  remove(id: string): Promise<boolean>;
}

/** The adapter rows of a D1 database. */
export function adapterStore(database: D1Database): AdapterStore {
  const db = drizzle(database);

  /** The last row that a look without an index gets to, if there are more rows than that. */
  async function endOfSearch(query: ListQuery): Promise<ListPosition | undefined> {
    return db
      .select({ createdAt: adapters.createdAt, id: adapters.id })
      .from(adapters)
      .where(and(...conditions(query)))
      .orderBy(desc(adapters.createdAt), desc(adapters.id))
      .limit(1)
      .offset(SEARCHED_ROWS - 1)
      .get();
  }

  /** The first rows of the list that meet all conditions, one more than a page has. */
  async function firstRows(query: ListQuery, more: (SQL | undefined)[]): Promise<AdapterRow[]> {
    return db
      .select()
      .from(adapters)
      .where(and(...conditions(query), ...more))
      .orderBy(desc(adapters.createdAt), desc(adapters.id))
      .limit(query.limit + 1);
  }

  /**
   * A page of a search by the index. Mostly it is full after about as many moments as it has rows; where other
   * conditions leave few of these, it looks at as many as a search without an index looks at rows.
   */
  async function indexedPage(query: ListQuery, search: string, pieces: string): Promise<ListPage> {
    const newest = query.after?.createdAt;
    async function look(count: number): Promise<ListPage> {
      const oldest = await endOfMoments(db, pieces, newest, count);
      const moments = momentsWith(pieces, { newest, oldest });
      const rows = await firstRows(query, [
        sql`${adapters.createdAt} IN (${moments})`,
        ...found(search, query, undefined),
      ]);
      // All of that moment was looked at, and no id comes after this one.
      const end = oldest === undefined ? undefined : { createdAt: oldest, id: '0'.repeat(64) };
      return rows.length > query.limit || end === undefined || count >= SEARCHED_ROWS
        ? pageOf(query, rows, end)
        : look(SEARCHED_ROWS);
    }
    // A page's rows, one to see whether there are more, and the moment at which the last page ended.
    return look(query.limit + 2);
  }

  return {
    async get(id) {
      return db.select().from(adapters).where(eq(adapters.id, id)).get();
    },
    async findByPrefix(prefix) {
      // 'g' follows every hex digit, so this is a range of the primary key, not a scan.
      const range = and(gte(adapters.id, prefix), lt(adapters.id, `${prefix}g`));
      return db.select().from(adapters).where(range).limit(2);
    },
    async existing(ids) {
      // As one value: D1 limits how many a statement may bind.
      const wanted = sql`SELECT value FROM json_each(${JSON.stringify(ids)})`;
      const rows = await db
        .select({ id: adapters.id })
        .from(adapters)
        .where(sql`${adapters.id} IN (${wanted})`);
      return new Set(rows.map(({ id }) => id));
    },
    async insert(row) {
      const result = await db.insert(adapters).values(row).onConflictDoNothing();
      return result.meta.changes > 0;
    },
    async list(query) {
      const search = soughtText(query.search);
      // The index has the texts of listed adapters only.
      const pieces = listingOf(query) === 'listed' && search ? piecesOf(search) : undefined;
      // The rows of one hypernetwork or base model may be few enough to look through at once.
      const narrow = query.hypernet !== undefined || query.baseModel !== undefined;
      const { output, digests } = query;
      const looking = [search, output, digests].some((one) => one !== undefined);
      const end = looking && (narrow || !pieces) ? await endOfSearch(query) : undefined;
      if (search && pieces && (end !== undefined || !narrow)) {
        return indexedPage(query, search, pieces);
      }
      return pageOf(query, await firstRows(query, found(search, query, end)), end);
    },
    async enlist(id) {
      const text = sql`${adapters.unlistedText}`;
      await db
        .update(adapters)
        .set({ unlisted: false, searchText: text, unlistedText: null })
        .where(and(eq(adapters.id, id), eq(adapters.unlisted, true)));
    },
    async alike(description) {
      const folded = searchText(description);
      return db
        .select()
        .from(adapters)
        .where(or(eq(adapters.searchText, folded), eq(adapters.unlistedText, folded)));
    },
    async remove(id) {
      const result = await db.delete(adapters).where(eq(adapters.id, id));
      return result.meta.changes > 0;
    },
  };
}

/** The page of these rows; one that they do not fill goes on at the end of the look. */
function pageOf(
  { limit }: ListQuery,
  rows: readonly AdapterRow[],
  end: ListPosition | undefined,
): ListPage {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : end;
  return { rows: page, next: last && { createdAt: last.createdAt, id: last.id } };
}

function listingOf({ listing = 'listed' }: ListQuery): Listing {
  return listing;
}

function conditions(query: ListQuery): (SQL | undefined)[] {
  const { hypernet, baseModel, after } = query;
  const listing = listingOf(query);
  return [
    listing === 'all' ? undefined : eq(adapters.unlisted, listing === 'unlisted'),
    hypernet === undefined ? undefined : eq(adapters.hypernetName, hypernet),
    baseModel === undefined ? undefined : eq(adapters.baseModel, baseModel),
    // As one row value, so that SQLite walks an index instead of sorting.
    after && sql`(${adapters.createdAt}, ${adapters.id}) < (${after.createdAt}, ${after.id})`,
  ];
}

/** The folded description, whichever column has it. */
const textOf = sql`coalesce(${adapters.searchText}, ${adapters.unlistedText})`;

/** What no index helps to find. */
function found(
  search: string | undefined,
  { output, digests }: Pick<ListQuery, 'output' | 'digests'>,
  end: ListPosition | undefined,
): (SQL | undefined)[] {
  return [
    output && eq(adapters.output, output),
    // As one value: D1 limits how many a statement may bind.
    digests &&
      sql`${adapters.hypernetDigest} IN (SELECT value FROM json_each(${JSON.stringify(digests)}))`,
    // instr, not LIKE: D1 limits patterns to 50 bytes, and % and _ would need escaping.
    search === undefined ? undefined : sql`instr(${textOf}, ${search}) > 0`,
    end && sql`(${adapters.createdAt}, ${adapters.id}) >= (${end.createdAt}, ${end.id})`,
  ];
}
