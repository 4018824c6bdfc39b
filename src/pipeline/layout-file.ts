/**
 * A file of a known adapter, in the layout it is stored in or in another: one way to find it, know its
 * size and read it.
 *
 *   stored file                      read from R2, as `readFile` does
 *   another layout, adapter.gguf     planned from the bundle's target, made from the stored weights
 *                                    when it is read, never stored
 *
 * A made file has no recorded sha256: it is known only once the bytes are there. They follow from the
 * adapter, the format and this code, so a hash of these names them as well and without making them; a
 * change of code that changes bytes changes LAYOUT_TAG.
 */
import { GGUF_FILE } from '../adapter/gguf.ts';
import type { LayoutFile } from '../adapter/layout.ts';
import {
  availableFormats,
  type Format,
  type Formats,
  formatFiles,
  LAYOUTS,
} from '../adapter/layouts.ts';
import { WEIGHTS_FILE } from '../adapter/peft.ts';
import type { Target } from '../bundle/manifest.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import { free } from '../ort/free.ts';
import type { ByteRange } from '../store/blobs.ts';
import type { Catalog } from '../store/catalog.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import type { PipelineEffects } from './effects.ts';
import type { Dtype } from './produce.ts';
import { readFile } from './stored-files.ts';

const LAYOUT_TAG = 't2l-layout/1';

/** Bytes that are kept somewhere: any part can be read alone. */
export interface KeptContent {
  readonly sha256: string;
  read(range?: ByteRange): Promise<ReadableStream | Uint8Array>;
}

/** Bytes that are made when they are read, all of them. */
export interface MadeContent {
  readonly sha256?: undefined;
  read(): Promise<Uint8Array>;
}

/** A file of an adapter, wherever its bytes come from. */
export type AdapterFileHandle = (KeptContent | MadeContent) & {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  /** 64 hex digits that name the bytes: their sha256 if they are stored. */
  readonly tag: string;
};

/**
 * Finds a file of an adapter.
 *
 * @param layout one of LAYOUTS; left out, the stored files and `adapter.gguf`
 * @throws T2lError `layout_unknown`, `layout_unavailable`, or `file_unknown` for a name that is not
 *   one of the layout's
 */
export async function findFile(
  row: AdapterRow,
  name: string,
  layout: string | undefined,
  effects: PipelineEffects,
): Promise<AdapterFileHandle> {
  const format = formatOf(name, layout);
  if (format === undefined) {
    const more = layout === undefined ? [GGUF_FILE] : [];
    const file = named(row.files, name, more);
    return { ...file, tag: file.sha256, read: (range) => readFile(row, file, range, effects) };
  }
  const target = await targetOf(row.hypernetDigest, effects.catalog);
  if (target === undefined) {
    throw new T2lError(
      'hypernet_unknown',
      `${row.hypernetName} ${row.hypernetVersion} is gone, which says how the adapter is laid out; ` +
        'only the stored files are left.',
    );
  }
  const facts = { id: row.id, target, dtype: row.dtype as Dtype };
  const file = named(formatFiles(format, facts), name);
  const weights = named(row.files, WEIGHTS_FILE);
  const made = [LAYOUT_TAG, row.id, weights.sha256, format, name].join('\n');
  return {
    name,
    contentType: file.contentType,
    bytes: file.bytes,
    tag: await sha256Hex(new TextEncoder().encode(made)),
    read: () => make(row, weights, file, effects),
  };
}

/**
 * The formats of some adapters, by the digest of their bundle. A bundle that is gone or broken has
 * none: it must not keep anyone from what is stored.
 */
export async function formatsByDigest(
  rows: readonly AdapterRow[],
  catalog: Catalog,
): Promise<Map<string, Formats>> {
  const digests = [...new Set(rows.map((row) => row.hypernetDigest))];
  const found = new Map<string, Formats>();
  for (const digest of digests) {
    const target = await targetOf(digest, catalog).catch(absentIfBroken);
    found.set(digest, target ? availableFormats(target) : new Map());
  }
  return found;
}

/** What a bundle is for; undefined if it is gone. */
async function targetOf(digest: string, catalog: Catalog): Promise<Target | undefined> {
  const version = await catalog.byDigest(digest);
  return (
    version && (await blamingBundlesOn('endpoint', () => catalog.open(version))).manifest.target
  );
}

function absentIfBroken(error: unknown): undefined {
  if (!(error instanceof T2lError)) {
    throw error;
  }
}

/** The format that a name and a layout ask for; undefined is the stored one. */
function formatOf(name: string, layout: string | undefined): Format | undefined {
  if (layout === undefined) {
    return name === GGUF_FILE ? 'gguf' : undefined;
  }
  const known = LAYOUTS.find((one) => one === layout);
  if (known === undefined) {
    throw new T2lError(
      'layout_unknown',
      `layout must be one of ${LAYOUTS.join(', ')}; ${GGUF_FILE} is read without one.`,
      { extra: { supported: LAYOUTS } },
    );
  }
  return known === 'peft' ? undefined : known;
}

function named<File extends { readonly name: string }>(
  files: readonly File[],
  name: string,
  more: readonly string[] = [],
): File {
  const file = files.find((one) => one.name === name);
  if (file === undefined) {
    const names = [...files.map((one) => one.name), ...more].join(', ');
    throw new T2lError('file_unknown', `In this layout the adapter has the files ${names}.`);
  }
  return file;
}

async function make(
  row: AdapterRow,
  weights: StoredFile,
  file: LayoutFile,
  effects: PipelineEffects,
): Promise<Uint8Array> {
  let source: Uint8Array | undefined;
  const start = performance.now();
  const bytes = await file.make(async () => {
    const stored = await readFile(row, weights, undefined, effects);
    source = new Uint8Array(await new Response(stored as BodyInit).arrayBuffer());
    return source;
  });
  if (source !== undefined) {
    free(source);
  }
  effects.time('layout', performance.now() - start);
  return bytes;
}
