/**
 * The stored files of a known adapter: read, and removed with it.
 *
 * Generation is deterministic, so an R2 object is only a cache of its row: reading makes a missing or
 * damaged one again and serves it only if it has the sha256 that the row recorded. A row whose id today's
 * code does not compute is of an earlier version, which made other bytes: it is served from R2 and never
 * made again.
 */

import { adapterId } from '../contract/adapter-id.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import {
  type ByteRange,
  type OpenedFile,
  partOf,
  type StatingBlobStore,
  type StoredBytes,
} from '../store/blobs.ts';
import type { FileCache } from '../store/file-cache.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import { recordedFiles } from './card-file.ts';
import { type PipelineEffects, recipeOf, timed } from './effects.ts';
import type { Making } from './making.ts';
import type { Produced } from './produce.ts';

/**
 * Files of up to this size are hashed whenever they are read. Hashing takes 1.4 ms a megabyte (SHA-256 of
 * `crypto.subtle`), reading it from R2 several times that; an adapter for a base model of a few hundred
 * million parameters is smaller.
 */
export const ALWAYS_CHECKED_BYTES = 4 * 1024 * 1024;

/**
 * Of reads of larger files, one in so many is hashed, so that damage that lasts is found within a few
 * reads, at a sixteenth of the cost. What is made of them (other layouts) is made of hashed bytes always.
 */
export const CHECKED_ONE_IN = 16;

/**
 * The bytes of a file of a known adapter, or a part of them; made again if the store has lost or damaged
 * them.
 */
export async function readFile(
  row: AdapterRow,
  file: StoredFile,
  range: ByteRange | undefined,
  effects: PipelineEffects,
): Promise<ReadableStream | Uint8Array> {
  const stored = await readStored(row, file, range, effects);
  return typeof stored === 'string'
    ? partOf(await madeAgain(row, file, stored, effects), range)
    : stored;
}

/** The whole of a file, hashed; made again if the store has lost or damaged it. */
export async function readChecked(
  row: AdapterRow,
  file: StoredFile,
  effects: PipelineEffects,
): Promise<Uint8Array> {
  const stored = await effects.blobs.read(row.id, file);
  return typeof stored === 'string' ? madeAgain(row, file, stored, effects) : stored;
}

/** What a copy or the store has of a file or a part of it, as far as it can be believed. */
export async function readStored(
  row: Pick<AdapterRow, 'id'>,
  file: StoredFile,
  range: ByteRange | undefined,
  { blobs, cache }: Pick<PipelineEffects, 'blobs' | 'cache'>,
): Promise<ReadableStream | StoredBytes> {
  const copy = await cache?.open(row.id, file.name, range);
  if (copy?.file.sha256 === file.sha256) {
    return copy.body;
  }
  if (!isChecked(file.bytes)) {
    return (await blobs.get(row.id, file, range)) ?? 'absent';
  }
  const stored = await blobs.read(row.id, file);
  if (typeof stored === 'string') {
    return stored;
  }
  cache?.keep(row.id, file, stored);
  return partOf(stored, range);
}

/**
 * A whole file of an adapter whose row nobody has looked up, by what a copy of it or the store itself says
 * that it is; undefined where neither can be believed.
 */
export async function openStored(
  id: string,
  name: string,
  { blobs, cache }: { readonly blobs: StatingBlobStore; readonly cache: FileCache },
): Promise<OpenedFile | undefined> {
  const copy = await cache.open(id, name);
  if (copy !== undefined) {
    return copy;
  }
  const stored = await blobs.open(id, name, isChecked);
  if (typeof stored === 'string') {
    return undefined;
  }
  if (stored.body instanceof Uint8Array) {
    cache.keep(id, stored.file, stored.body);
  }
  return stored;
}

/** Whether a read of a file of this size hashes it. */
function isChecked(bytes: number): boolean {
  return bytes <= ALWAYS_CHECKED_BYTES || Math.random() * CHECKED_ONE_IN < 1;
}

async function madeAgain(
  row: AdapterRow,
  file: StoredFile,
  why: 'absent' | 'damaged',
  effects: PipelineEffects,
): Promise<Uint8Array> {
  if (why === 'damaged') {
    effects.damaged?.(`adapters/${row.id}/${file.name}`);
  }
  const making: Making = effects.making ?? ((_id, work) => work(false));
  return making(row.id, async (waited) => {
    const others = waited ? await effects.blobs.read(row.id, file) : 'absent';
    if (typeof others !== 'string') {
      return others;
    }
    const remade = await timed(effects, 'remake', () => remake(row, why === 'damaged', effects));
    const found = remade.files.find(({ name }) => name === file.name);
    if (found === undefined) {
      throw bytesChanged(row.id, file.name);
    }
    return found.bytes;
  });
}

/**
 * Removes an adapter. The files first: as long as the row is there, a removal that was interrupted can
 * be asked for again. And once more after it, because a reader may have made them again meanwhile.
 */
export async function removeAdapter(
  row: AdapterRow,
  effects: Pick<PipelineEffects, 'adapters' | 'blobs' | 'layouts'>,
): Promise<void> {
  const names = row.files.map(({ name }) => name);
  async function removeMade(): Promise<void> {
    await effects.layouts.remove(row.id);
    await effects.blobs.remove(row.id, names);
  }
  await removeMade();
  await effects.adapters.remove(row.id);
  await removeMade();
}

async function remake(
  row: AdapterRow,
  replace: boolean,
  effects: PipelineEffects,
): Promise<Produced> {
  const recipe = recipeOf(row);
  // The id's tag stands for the version of the code that decides the bytes.
  if ((await adapterId({ digest: row.hypernetDigest, ...recipe })) !== row.id) {
    throw new T2lError(
      'adapter_outdated',
      `The files of ${row.id.slice(0, 12)} are gone, and an earlier version of this code made them: ` +
        'it cannot make the same bytes. POST its description or embedding to /v1/adapters; the ' +
        'adapter gets a new id.',
    );
  }
  const version = await effects.catalog.byDigest(row.hypernetDigest);
  if (version === undefined) {
    throw new T2lError(
      'hypernet_unknown',
      `The files are gone and so is ${row.hypernetName} ${row.hypernetVersion}, which made them.`,
    );
  }
  const produced = await blamingBundlesOn('endpoint', async () =>
    effects.produce(await effects.catalog.open(version), recipe),
  );
  for (const { name, sha256 } of recordedFiles(row)) {
    if (produced.files.find((file) => file.name === name)?.sha256 !== sha256) {
      throw bytesChanged(row.id, name);
    }
  }
  await effects.blobs.put(row.id, produced.files, replace);
  if ((await effects.adapters.get(row.id)) === undefined) {
    // Removed meanwhile, and perhaps before these files were there: whoever reads by a remembered hash
    // takes an object for the adapter.
    await effects.blobs.remove(
      row.id,
      produced.files.map(({ name }) => name),
    );
  }
  return produced;
}

/** The error of bytes that were made again and are not what they were. */
export function bytesChanged(id: string, name: string): T2lError {
  return new T2lError(
    'adapter_bytes_changed',
    `${name} of ${id.slice(0, 12)} was made again but its sha256 is not the recorded one; nothing is served.`,
  );
}
