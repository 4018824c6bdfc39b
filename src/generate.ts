/**
 * The pipeline, effects passed in:
 *
 *   resolve the hypernetwork -> adapter id -> row? -> yes: known
 *                                             no: encode, run, pack -> R2 -> row -> made
 *
 * Generation is deterministic, so two identical requests at once write the same bytes: R2 takes the
 * first and D1 keeps the first row, and both answer with that row. The object is written before the
 * row, so a row never names bytes that were never there; a crash between the two leaves an orphan
 * that the next request adopts.
 *
 * For the same reason an R2 object is only a cache: `readFile` makes a missing one again from its row
 * and serves it only if it has the sha256 that the row recorded. A row whose id today's code does not
 * compute is of an earlier version, which made other bytes: it is served from R2 and never made again.
 */

import { type AdapterInput, adapterId } from './adapter-id.ts';
import { blamingBundlesOn, T2lError } from './errors.ts';
import type { Bundle } from './hypernet/bundle.ts';
import type { Precision } from './hypernet/manifest.ts';
import { free } from './memory.ts';
import type { Dtype, Produced } from './produce.ts';
import type { AdapterStore } from './store/adapters.ts';
import type { BlobStore, ByteRange } from './store/blobs.ts';
import type { Catalog, HypernetVersion } from './store/catalog.ts';
import type { AdapterRow, StoredFile } from './store/schema.ts';

/** What an adapter is to be made from; already validated. */
export interface AdapterRequest {
  readonly input: AdapterInput;
  readonly hypernet: string | undefined;
  readonly dtype: Dtype;
  readonly precision: Precision | undefined;
  readonly strength: number;
}

/** What determines the bytes of an adapter, given its bundle. */
export interface Recipe {
  readonly input: AdapterInput;
  /** The vector of a description that was encoded before: it is not encoded again. */
  readonly embedding?: Float32Array;
  readonly dtype: Dtype;
  readonly precision: Precision;
  readonly strength: number;
}

/** The effects that the pipeline has. */
export interface PipelineEffects {
  readonly catalog: Catalog;
  readonly adapters: AdapterStore;
  readonly blobs: BlobStore;
  /** Encodes, runs and packs. */
  produce(bundle: Bundle, recipe: Recipe): Promise<Produced>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Notes how long a step took. */
  time(step: string, milliseconds: number): void;
}

/** An adapter's row, and whether it existed before the request. */
export interface Outcome {
  readonly row: AdapterRow;
  readonly known: boolean;
}

/** Finds the adapter a request determines, or makes it. */
export async function generateAdapter(
  request: AdapterRequest,
  effects: PipelineEffects,
): Promise<Outcome> {
  const version = await effects.catalog.resolve(request.hypernet);
  const bundle = await blamingBundlesOn('endpoint', () => effects.catalog.open(version));
  const recipe: Recipe = {
    input: request.input,
    dtype: request.dtype,
    precision: request.precision ?? bundle.manifest.precision,
    strength: request.strength,
  };
  checkAgainst(bundle, recipe);
  const id = await adapterId({ digest: version.digest, ...recipe });
  const known = await timed(effects, 'lookup', () => effects.adapters.get(id));
  if (known !== undefined) {
    return { row: known, known: true };
  }
  const produced = await blamingBundlesOn('endpoint', () => effects.produce(bundle, recipe));
  for (const [step, milliseconds] of Object.entries(produced.timings_ms)) {
    effects.time(step, milliseconds);
  }
  const row = rowOf(id, version, bundle, recipe, produced, effects.now());
  const inserted = await timed(effects, 'store', async () => {
    await effects.blobs.put(id, produced.files);
    for (const { bytes } of produced.files) {
      free(bytes);
    }
    return effects.adapters.insert(row);
  });
  // Another request was faster: its row is the one that everybody sees.
  const first = inserted ? undefined : await effects.adapters.get(id);
  return first === undefined ? { row, known: false } : { row: first, known: true };
}

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

/** Removes an adapter: the row first, so that no reader finds a row whose object is being removed. */
export async function removeAdapter(row: AdapterRow, effects: PipelineEffects): Promise<void> {
  await effects.adapters.remove(row.id);
  await effects.blobs.remove(
    row.id,
    row.files.map(({ name }) => name),
  );
}

async function remake(row: AdapterRow, effects: PipelineEffects): Promise<Produced> {
  const recipe = recipeOf(row);
  // The id's tag stands for the version of the code that decides the bytes.
  if ((await adapterId({ digest: row.hypernetDigest, ...recipe })) !== row.id) {
    throw new T2lError(
      'adapter_outdated',
      410,
      `The files of ${row.id.slice(0, 12)} are gone, and an earlier version of this code made them: ` +
        'it cannot make the same bytes. POST its description or embedding to /v1/adapters; the ' +
        'adapter gets a new id.',
    );
  }
  const version = await effects.catalog.byDigest(row.hypernetDigest);
  if (version === undefined) {
    throw new T2lError(
      'hypernet_unknown',
      404,
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

/** What only the manifest can tell about a request. */
function checkAgainst({ manifest }: Bundle, { input, precision }: Recipe): void {
  const { encoder, graphs } = manifest;
  const supported = Object.keys(graphs).filter((key) => graphs[key as Precision] !== undefined);
  if (!supported.includes(precision)) {
    throw new T2lError(
      'precision_unavailable',
      422,
      `${manifest.name} ${manifest.version} has the precisions ${supported.join(', ')}.`,
      { supported },
    );
  }
  if ('embedding' in input && input.embedding.length !== encoder.dim) {
    throw new T2lError(
      'embedding_wrong_dimension',
      400,
      `embedding has ${input.embedding.length} numbers; ${manifest.name} ${manifest.version} ` +
        `takes ${encoder.dim}, from ${encoder.model}.`,
    );
  }
}

function rowOf(
  id: string,
  version: HypernetVersion,
  { manifest }: Bundle,
  recipe: Recipe,
  produced: Produced,
  createdAt: number,
): AdapterRow {
  const { target } = manifest;
  const description = 'description' in recipe.input ? recipe.input.description : null;
  return {
    id,
    createdAt,
    hypernetName: version.name,
    hypernetVersion: version.version,
    hypernetDigest: version.digest,
    baseModel: target.base_model.id,
    description,
    searchText: description?.toLowerCase() ?? null,
    embedding: produced.embedding,
    precision: recipe.precision,
    dtype: recipe.dtype,
    strength: recipe.strength,
    rank: target.rank,
    targetModules: target.modules.map(({ name }) => name),
    parameters: produced.parameters,
    files: produced.files.map(({ name, contentType, bytes, sha256 }) => ({
      name,
      contentType,
      bytes: bytes.byteLength,
      sha256,
    })),
    fit: produced.fit,
    norms: produced.norms,
    timings: { ...produced.timings_ms },
  };
}

async function timed<T>(
  effects: PipelineEffects,
  step: string,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    effects.time(step, performance.now() - start);
  }
}

function bytesChanged(id: string, name: string): T2lError {
  return new T2lError(
    'adapter_bytes_changed',
    500,
    `${name} of ${id.slice(0, 12)} was made again but its sha256 is not the recorded one; nothing is served.`,
  );
}
