/**
 * The stored files of a known adapter: read, and removed with it.
 *
 * Generation is deterministic, so an R2 object is only a cache of its row: reading makes a missing one
 * again and serves it only if it has the sha256 that the row recorded. A row whose id today's code does
 * not compute is of an earlier version, which made other bytes: it is served from R2 and never made
 * again.
 */

import type { Precision } from '../bundle/manifest.ts';
import { adapterId } from '../contract/adapter-id.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import type { ByteRange } from '../store/blobs.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import { type PipelineEffects, type Recipe, timed } from './effects.ts';
import type { Dtype, Produced } from './produce.ts';

/** The bytes of a file of a known adapter, or a part of them; made again if R2 has lost them. */
export async function readFile(
  row: AdapterRow,
  file: StoredFile,
  range: ByteRange | undefined,
  effects: PipelineEffects,
): Promise<ReadableStream | Uint8Array> {
  const stored = await effects.blobs.get(row.id, file, range);
  if (stored !== null) {
    return stored;
  }
  const remade = await timed(effects, 'remake', () => remake(row, effects));
  const found = remade.files.find(({ name }) => name === file.name);
  if (found === undefined) {
    throw bytesChanged(row.id, file.name);
  }
  return range ? found.bytes.subarray(range.offset, range.offset + range.length) : found.bytes;
}

/**
 * Removes an adapter. The files first: as long as the row is there, a removal that was interrupted can
 * be asked for again. And once more after it, because a reader may have made them again meanwhile.
 */
export async function removeAdapter(
  row: AdapterRow,
  effects: Pick<PipelineEffects, 'adapters' | 'blobs'>,
): Promise<void> {
  const names = row.files.map(({ name }) => name);
  await effects.blobs.remove(row.id, names);
  await effects.adapters.remove(row.id);
  await effects.blobs.remove(row.id, names);
}

async function remake(row: AdapterRow, effects: PipelineEffects): Promise<Produced> {
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
  for (const { name, sha256 } of row.files) {
    if (produced.files.find((file) => file.name === name)?.sha256 !== sha256) {
      throw bytesChanged(row.id, name);
    }
  }
  await effects.blobs.put(row.id, produced.files);
  return produced;
}

function recipeOf(row: AdapterRow): Recipe {
  return {
    input:
      row.description === null ? { embedding: row.embedding } : { description: row.description },
    embedding: row.embedding,
    dtype: row.dtype as Dtype,
    precision: row.precision as Precision,
    strength: row.strength,
  };
}

function bytesChanged(id: string, name: string): T2lError {
  return new T2lError(
    'adapter_bytes_changed',
    `${name} of ${id.slice(0, 12)} was made again but its sha256 is not the recorded one; nothing is served.`,
  );
}
