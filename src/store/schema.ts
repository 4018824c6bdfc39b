/**
 * The tables of D1. `npm run db:generate` writes the SQL of a change to migrations/.
 *
 * An `adapters` row alone is enough to make the adapter's bytes again: it holds the embedding and
 * everything else that determines them, and the sha256 they must have. R2 is a cache of it.
 */
import {
  customType,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  unique,
} from 'drizzle-orm/sqlite-core';
import type { Fit } from '../adapter/fit.ts';
import type { AdapterNorms } from '../adapter/norms.ts';
import type { OutputKind } from '../contract/output-kinds.ts';
import type { Scope } from '../contract/scopes.ts';

/** What the store remembers of one file; its bytes lie in R2. */
export interface StoredFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** float32 vector, little-endian as every platform that runs this is. */
const float32Vector = customType<{ data: Float32Array; driverData: ArrayBuffer | number[] }>({
  dataType() {
    return 'blob';
  },
  toDriver(vector) {
    return new Float32Array(vector).buffer;
  },
  fromDriver(stored) {
    const bytes = new Uint8Array(stored);
    return new Float32Array(bytes.buffer, 0, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
  },
});

/** JSON; what was written before there were reasons has none. */
const fitJson = customType<{ data: Fit; driverData: string }>({
  dataType() {
    return 'text';
  },
  toDriver(fit) {
    return JSON.stringify(fit);
  },
  fromDriver(stored) {
    return { reason: null, ...(JSON.parse(stored) as Omit<Fit, 'reason'>) };
  },
});

export const adapters = sqliteTable(
  'adapters',
  {
    id: text('id').primaryKey(),
    /** Milliseconds since 1970. */
    createdAt: integer('created_at').notNull(),
    hypernetName: text('hypernet_name').notNull(),
    hypernetVersion: text('hypernet_version').notNull(),
    hypernetDigest: text('hypernet_digest').notNull(),
    baseModel: text('base_model').notNull(),
    /** Normalised; null when the client sent an embedding. */
    description: text('description'),
    /**
     * The description as src/contract/search-text.ts folds it: SQLite's lower() knows only ASCII. The
     * index of searches has it (migration 0004), so that of an unlisted adapter is not here,
     */
    searchText: text('search_text'),
    /** but here, where no index has it. */
    unlistedText: text('unlisted_text'),
    /** Whether lists and searches leave it out; whoever has its id reads it all the same. */
    unlisted: integer('unlisted', { mode: 'boolean' }).notNull().default(false),
    embedding: float32Vector('embedding').notNull(),
    precision: text('precision').notNull(),
    dtype: text('dtype').notNull(),
    strength: real('strength').notNull(),
    /** The kind of adapter; what was made before there were kinds is a LoRA. */
    output: text('output').$type<OutputKind>().notNull().default('lora'),
    rank: integer('rank').notNull(),
    targetModules: text('target_modules', { mode: 'json' }).$type<readonly string[]>().notNull(),
    parameters: integer('parameters').notNull(),
    files: text('files', { mode: 'json' }).$type<readonly StoredFile[]>().notNull(),
    fit: fitJson('fit').notNull(),
    norms: text('norms', { mode: 'json' }).$type<AdapterNorms>().notNull(),
    timings: text('timings', { mode: 'json' }).$type<Record<string, number>>().notNull(),
  },
  (table) => [
    // For the triggers of the index of searches, which look up moments; lists go by the others.
    index('adapters_by_time').on(table.createdAt, table.id),
    index('adapters_by_listing').on(table.unlisted, table.createdAt, table.id),
    index('adapters_by_hypernet').on(table.unlisted, table.hypernetName, table.createdAt, table.id),
    index('adapters_by_base_model').on(table.unlisted, table.baseModel, table.createdAt, table.id),
  ],
);

/** The sha256 of files of other layouts, which are made when they are read. */
export const layouts = sqliteTable(
  'layouts',
  {
    /** Names what the file follows from. */
    tag: text('tag').primaryKey(),
    adapterId: text('adapter_id').notNull(),
    sha256: text('sha256').notNull(),
  },
  (table) => [index('layouts_by_adapter').on(table.adapterId)],
);

/** Registered bundles: every file of them was verified before the row was written. */
export const hypernets = sqliteTable(
  'hypernets',
  {
    digest: text('digest').primaryKey(),
    name: text('name').notNull(),
    version: text('version').notNull(),
    registeredAt: integer('registered_at').notNull(),
  },
  (table) => [unique('hypernets_by_version').on(table.name, table.version)],
);

/** Which version of a name answers, which one did before it, and which one answers for a part. */
export const channels = sqliteTable('channels', {
  name: text('name').primaryKey(),
  activeDigest: text('active_digest').notNull(),
  previousDigest: text('previous_digest'),
  updatedAt: integer('updated_at').notNull(),
  /** Both null unless there is a canary. */
  canaryDigest: text('canary_digest'),
  canaryPercent: integer('canary_percent'),
});

/** Every change of what answers to a name, canaries too, in order: rows are added and never changed. */
export const activations = sqliteTable(
  'activations',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    name: text('name').notNull(),
    /** Milliseconds since 1970. */
    at: integer('at').notNull(),
    /** What answered before; null if nothing did. */
    fromDigest: text('from_digest'),
    toDigest: text('to_digest').notNull(),
    /** Part of the descriptions that it answers for: 100 if it is active, 0 if it was a canary. */
    percent: integer('percent').notNull(),
    /** Why, in the words of whoever did it; null if nothing was said. */
    reason: text('reason'),
  },
  (table) => [index('activations_by_name').on(table.name, table.id)],
);

/** Versions, built-in ones too, that are to make no new adapters. */
export const yanks = sqliteTable(
  'yanks',
  {
    digest: text('digest').primaryKey(),
    name: text('name').notNull(),
    reason: text('reason').notNull(),
    yankedAt: integer('yanked_at').notNull(),
  },
  (table) => [index('yanks_by_name').on(table.name)],
);

/** Tokens of the endpoint. A token itself is nowhere: whoever lost one gets another. */
export const tokens = sqliteTable('tokens', {
  /** The first digits of the hash, by which people name it. */
  id: text('id').primaryKey(),
  /** Its sha256 in hex. */
  hash: text('hash').notNull().unique(),
  /** Whose it is, or what for. */
  name: text('name').notNull(),
  scopes: text('scopes', { mode: 'json' }).$type<readonly Scope[]>().notNull(),
  /** Adapters that may be made with it in a day; null for the endpoint's own limit. */
  dailyAdapters: integer('daily_adapters'),
  /** Milliseconds since 1970. */
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
  revokedAt: integer('revoked_at'),
});

/** Adapters made in a day, by whom. */
export const quotas = sqliteTable(
  'quotas',
  {
    /** The id of a token, or `anonymous`. */
    who: text('who').notNull(),
    /** As `2026-11-29`, in UTC. */
    day: text('day').notNull(),
    made: integer('made').notNull(),
  },
  (table) => [primaryKey({ columns: [table.who, table.day] })],
);

/** What lies in R2, whose it is and when it was last read: what is evicted first follows from it. */
export const uses = sqliteTable(
  'uses',
  {
    adapterId: text('adapter_id').primaryKey(),
    /** The id of a token, `admin`, or `anonymous`. */
    madeBy: text('made_by').notNull(),
    /** Of its files in R2; 0 once they are evicted. */
    bytes: integer('bytes').notNull(),
    /** The last day on which it was made or read, as `2026-11-29`, in UTC. */
    usedOn: text('used_on').notNull(),
    /** Whether it was ever read. */
    read: integer('read', { mode: 'boolean' }).notNull(),
  },
  (table) => [index('uses_by_day').on(table.usedOn, table.adapterId, table.bytes)],
);

/** What is not made again: the sha256 of a description as searches fold it, or, of an embedding, the id. */
export const refusals = sqliteTable('refusals', {
  key: text('key').primaryKey(),
  /** Milliseconds since 1970. */
  refusedAt: integer('refused_at').notNull(),
});

/** What came of each description while a canary runs, by its version or by the active one. */
export const outcomes = sqliteTable(
  'outcomes',
  {
    name: text('name').notNull(),
    digest: text('digest').notNull(),
    /** The sha256 of the description: asked for again, it is no other outcome. */
    key: text('key').notNull(),
    failed: integer('failed', { mode: 'boolean' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.digest, table.key] })],
);

/** What was counted on a day, summed over all isolates. */
export const stats = sqliteTable(
  'stats',
  {
    /** As `2026-11-29`, in UTC. */
    day: text('day').notNull(),
    /** What was counted (src/contract/counts.ts). */
    what: text('what').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.what] })],
);

export type AdapterRow = typeof adapters.$inferSelect;
export type HypernetRow = typeof hypernets.$inferSelect;
export type ChannelRow = typeof channels.$inferSelect;
export type ActivationRow = typeof activations.$inferSelect;
export type YankRow = typeof yanks.$inferSelect;
export type TokenRow = typeof tokens.$inferSelect;
export type StatRow = typeof stats.$inferSelect;
