/**
 * Adapter rows as JSON files, `rows/<id>.json`, with the contract of the rows in D1: written once,
 * never changed but for whether lists have them, and enough to make the adapter's bytes again. The list
 * reads them all, which is what a person's own few thousand adapters allow.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ListPosition } from '../contract/cursor.ts';
import { recordedFitSchema } from '../contract/documents/adapter.ts';
import { T2lError } from '../contract/errors.ts';
import { HEX_64, hex64 } from '../contract/hex.ts';
import { OUTPUT_KINDS } from '../contract/output-kinds.ts';
import { searchText, soughtText } from '../contract/search-text.ts';
import type { AdapterStore, ListQuery } from '../store/adapters.ts';
import type { AdapterRow } from '../store/schema.ts';
import { isCode, readIfThere, writeNew, writeWhole } from './whole-file.ts';

/** float32, little-endian as every platform that runs this is, in base64. */
const vectorSchema = z.base64().transform((text) => {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer, 0, bytes.length / Float32Array.BYTES_PER_ELEMENT);
});

const rowSchema = z.looseObject({
  id: hex64,
  createdAt: z.int(),
  hypernetName: z.string(),
  hypernetVersion: z.string(),
  hypernetDigest: hex64,
  baseModel: z.string(),
  description: z.string().nullable(),
  searchText: z.string().nullable(),
  // What was written before there were unlisted adapters says nothing of it.
  unlistedText: z.string().nullable().default(null),
  unlisted: z.boolean().default(false),
  embedding: vectorSchema,
  precision: z.string(),
  dtype: z.string(),
  strength: z.number(),
  // As in D1.
  output: z.enum(OUTPUT_KINDS).default('lora'),
  rank: z.int(),
  targetModules: z.array(z.string()),
  parameters: z.int(),
  files: z.array(
    z.object({ name: z.string(), contentType: z.string(), bytes: z.int(), sha256: hex64 }),
  ),
  fit: recordedFitSchema,
  norms: z.record(z.string(), z.array(z.number())),
  timings: z.record(z.string(), z.number()),
});

const SUFFIX = '.json';
const ROW_FILE = new RegExp(`^(${HEX_64})\\.json$`);

/** Hears of a row that cannot be read; its error names the file. */
export type OnUnreadable = (error: T2lError) => void;

/**
 * The adapter rows of a folder.
 *
 * @param onUnreadable hears once of each row that the list passes over; without it such a row fails the
 *   list, as it fails whoever asks for it
 */
export function rowFiles(folder: string, onUnreadable?: OnUnreadable): AdapterStore {
  const told = new Set<string>();

  function pathOf(id: string): string {
    return join(folder, `${id}${SUFFIX}`);
  }

  async function get(id: string): Promise<AdapterRow | undefined> {
    const bytes = await readIfThere(pathOf(id));
    return bytes === null ? undefined : parseRow(pathOf(id), bytes);
  }

  async function ids(): Promise<string[]> {
    try {
      const names = await readdir(folder);
      return names.flatMap((name) => ROW_FILE.exec(name)?.[1] ?? []).sort();
    } catch (error) {
      if (isCode(error, 'ENOENT')) {
        return [];
      }
      throw error;
    }
  }

  /** The row, or nothing if it cannot be read and somebody hears of that. */
  async function getOrTell(id: string): Promise<AdapterRow | undefined> {
    try {
      return await get(id);
    } catch (error) {
      if (onUnreadable === undefined || !(error instanceof T2lError)) {
        throw error;
      }
      if (!told.has(id)) {
        told.add(id);
        onUnreadable(error);
      }
      return undefined;
    }
  }

  async function rowsOf(some: readonly string[], read = get): Promise<AdapterRow[]> {
    const rows: AdapterRow[] = [];
    for (const id of some) {
      const row = await read(id);
      // Removed between the two reads.
      if (row !== undefined) {
        rows.push(row);
      }
    }
    return rows;
  }

  return {
    get,
    async findByPrefix(prefix) {
      return rowsOf((await ids()).filter((id) => id.startsWith(prefix)).slice(0, 2));
    },
    async existing(wanted) {
      // A row that cannot be read is there all the same.
      const there = new Set(await ids());
      return new Set(wanted.filter((id) => there.has(id)));
    },
    async insert(row) {
      return writeNew(pathOf(row.id), textOf(row));
    },
    async list(query) {
      const sought = soughtText(query.search);
      const rows = (await rowsOf(await ids(), getOrTell))
        .filter((row) => isListed(row, query, sought))
        .sort(newest);
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return { rows: page, next: last && { createdAt: last.createdAt, id: last.id } };
    },
    async enlist(id) {
      const row = await get(id);
      if (row?.unlisted) {
        const listed = { unlisted: false, searchText: row.unlistedText, unlistedText: null };
        await writeWhole(pathOf(id), textOf({ ...row, ...listed }));
      }
    },
    async alike(description) {
      const folded = searchText(description);
      return (await rowsOf(await ids(), getOrTell)).filter(
        (row) => (row.searchText ?? row.unlistedText) === folded,
      );
    },
    async remove(id) {
      const there = (await get(id)) !== undefined;
      await rm(pathOf(id), { force: true });
      return there;
    },
  };
}

/** What the file of a row holds. */
function textOf(row: AdapterRow): string {
  const embedding = Buffer.from(new Float32Array(row.embedding).buffer).toString('base64');
  return `${JSON.stringify({ ...row, embedding })}\n`;
}

function parseRow(path: string, bytes: Uint8Array): AdapterRow {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    json = undefined;
  }
  const { data } = rowSchema.safeParse(json);
  if (data === undefined) {
    throw new T2lError(
      'local_row_invalid',
      `${path} is not the row of an adapter; remove it, and the same request makes it again.`,
    );
  }
  return data as AdapterRow;
}

function isListed(
  row: AdapterRow,
  { listing = 'listed', hypernet, baseModel, output, digests, after }: ListQuery,
  sought: string | undefined,
): boolean {
  return (
    (listing === 'all' || row.unlisted === (listing === 'unlisted')) &&
    (hypernet === undefined || row.hypernetName === hypernet) &&
    (baseModel === undefined || row.baseModel === baseModel) &&
    (output === undefined || row.output === output) &&
    (digests?.includes(row.hypernetDigest) ?? true) &&
    (sought === undefined || searchText(row.description ?? '').includes(sought)) &&
    (after === undefined || newest(after, row) < 0)
  );
}

/** The newest first; of one instant, the larger id first, as in D1. */
function newest(a: ListPosition, b: ListPosition): number {
  if (a.createdAt !== b.createdAt) {
    return b.createdAt - a.createdAt;
  }
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}
