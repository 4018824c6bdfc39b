/**
 * A file of a known adapter, in the layout it is stored in or in another: one way to find it, know its
 * size and read it.
 *
 *   weights, config                  read from R2, as `readFile` does
 *   README.md, the card              written from the row and the manifest
 *   another layout, adapter.gguf     planned from the bundle's target, made from the stored weights
 *                                    when it is read, never stored
 *
 * The sha256 of a file of another layout is known only once the bytes are there. They follow from the
 * adapter, the format and this code, so a hash of these names them as well and without making them; a
 * change of code that changes bytes changes LAYOUT_TAG. The sha256 of the first making is noted, and what
 * has another is not served. A card is made whatever is asked of it, which takes less than a millisecond.
 */
import { CARD_FILE } from '../adapter/card.ts';
import { GGUF_FILE } from '../adapter/gguf.ts';
import type { LayoutFile } from '../adapter/layout.ts';
import { type Format, formatFiles, LAYOUTS } from '../adapter/layouts.ts';
import { WEIGHTS_FILE } from '../adapter/peft.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import { free } from '../ort/memory.ts';
import { type ByteRange, partOf } from '../store/blobs.ts';
import type { Catalog } from '../store/catalog.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import { cardOfRow, recordedFiles } from './card-file.ts';
import type { PipelineEffects } from './effects.ts';
import { goneBundle, layoutTarget } from './layout-target.ts';
import type { Dtype } from './produce.ts';
import { bytesChanged, readChecked, readFile } from './stored-files.ts';

const LAYOUT_TAG = 't2l-layout/1';

/** Bytes whose sha256 is known: any part can be read alone. */
export interface KeptContent {
  readonly sha256: string;
  read(range?: ByteRange): Promise<ReadableStream | Uint8Array>;
}

/** Bytes that are made of an adapter's weights when they are read, all of them. */
export interface MadeContent {
  readonly sha256?: undefined;
  /** sha256 of the weights. */
  readonly weights: string;
  read(): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }>;
}

/** A file of an adapter, wherever its bytes come from. */
export type AdapterFileHandle = (KeptContent | MadeContent) & {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Whether the adapter's id stands for these bytes: then they never change. */
  readonly lasting: boolean;
  /** 64 hex digits that name the bytes: their sha256 where it is known. */
  readonly tag: string;
};

/**
 * Finds a file of an adapter.
 *
 * @param layout one of LAYOUTS; left out, the stored files, the card and `adapter.gguf`
 * @throws T2lError `layout_unknown`, `layout_unavailable`, `file_unknown` for a name that is not one of
 *   the layout's, or `hypernet_unknown` if the bundle is gone that a made file follows from
 */
export async function findFile(
  row: AdapterRow,
  name: string,
  layout: string | undefined,
  effects: PipelineEffects,
): Promise<AdapterFileHandle> {
  const format = formatOf(name, layout);
  if (format === undefined && name === CARD_FILE) {
    const card = await cardOfRow(row, await neededBundle(row, effects.catalog), effects.card);
    const { bytes, sha256 } = card;
    return {
      ...card,
      bytes: bytes.length,
      lasting: false,
      tag: sha256,
      read: async (range) => partOf(bytes, range),
    };
  }
  if (format === undefined) {
    const more = [CARD_FILE, ...(layout === undefined ? [GGUF_FILE] : [])];
    const file = named(recordedFiles(row), name, more);
    const { sha256 } = file;
    const read = (range?: ByteRange) => readFile(row, file, range, effects);
    return { ...file, lasting: true, tag: sha256, read };
  }
  const target = await layoutTarget(row, effects.catalog);
  const facts = { id: row.id, target, dtype: row.dtype as Dtype };
  const file = named(formatFiles(format, facts), name);
  const weights = named(recordedFiles(row), WEIGHTS_FILE);
  const made = [LAYOUT_TAG, row.id, weights.sha256, format, name].join('\n');
  const tag = await sha256Hex(new TextEncoder().encode(made));
  return {
    name,
    contentType: file.contentType,
    bytes: file.bytes,
    lasting: false,
    weights: weights.sha256,
    tag,
    read: () => make(row, weights, file, tag, effects),
  };
}

/** The bundle that made an adapter, without which it has no card. */
async function neededBundle(row: AdapterRow, catalog: Catalog): Promise<Bundle> {
  const version = await catalog.byDigest(row.hypernetDigest);
  if (version === undefined) {
    throw goneBundle(row);
  }
  return blamingBundlesOn('endpoint', () => catalog.open(version));
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
  tag: string,
  effects: PipelineEffects,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  let source: Uint8Array | undefined;
  const start = performance.now();
  const bytes = await file.make(async () => {
    await effects.admitLayout?.();
    // A new hash is put on what is made, so a wrong byte would look right from here on.
    source = await readChecked(row, weights, effects);
    return source;
  });
  if (source !== undefined) {
    free(source);
  }
  effects.time('layout', performance.now() - start);
  const sha256 = await sha256Hex(bytes);
  if ((await effects.layouts.firstMade(row.id, tag, sha256)) !== sha256) {
    throw bytesChanged(row.id, file.name);
  }
  return { bytes, sha256 };
}
