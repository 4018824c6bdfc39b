/**
 * From a request to an adapter:
 *
 *   resolve the hypernetwork -> adapter id -> row? -> yes: known
 *                                             no: yanked, refused? -> encode, run, pack -> R2 -> row -> made
 *
 * Generation is deterministic, so two identical requests at once write the same bytes: R2 takes the
 * first and D1 keeps the first row, and both answer with that row; in one isolate the second waits for
 * the first (making.ts). The object is written before the row, so a row never names bytes that were never
 * there; a crash between the two leaves an orphan, which the next request adopts or the sweep removes.
 */

import type { Bundle } from '../bundle/bundle.ts';
import type { Precision } from '../bundle/manifest.ts';
import { type AdapterInput, adapterId } from '../contract/adapter-id.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import { searchText } from '../contract/search-text.ts';
import { free } from '../ort/memory.ts';
import type { HypernetVersion } from '../store/families.ts';
import type { AdapterRow } from '../store/schema.ts';
import { type PipelineEffects, type Recipe, timed } from './effects.ts';
import type { Making } from './making.ts';
import type { Dtype, Produced } from './produce.ts';
import { removeAdapter } from './stored-files.ts';
import { yanked } from './yank.ts';

/** What an adapter is to be made from; already validated. */
export interface AdapterRequest {
  readonly input: AdapterInput;
  readonly hypernet: string | undefined;
  readonly dtype: Dtype;
  readonly precision: Precision | undefined;
  readonly strength: number;
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
  const version = await effects.catalog.resolve(request.hypernet, request.input);
  const bundle = await blamingBundlesOn('endpoint', () => effects.catalog.open(version));
  const recipe: Recipe = {
    input: request.input,
    dtype: request.dtype,
    precision: request.precision ?? bundle.manifest.precision,
    strength: request.strength,
  };
  checkAgainst(bundle, recipe);
  const id = await adapterId({ digest: version.digest, ...recipe });
  const known = await lookedUp(id, effects);
  if (known !== undefined) {
    return known;
  }
  await requireUnyanked(version, effects);
  await effects.refuse?.(id, recipe.input);
  const making: Making = effects.making ?? ((_id, work) => work(false));
  return making(
    id,
    async (waited) =>
      (waited ? await lookedUp(id, effects) : undefined) ??
      make(id, { version, bundle, recipe }, effects),
  );
}

async function requireUnyanked(
  version: HypernetVersion,
  { catalog }: PipelineEffects,
): Promise<void> {
  const yank = await catalog.yank(version.digest);
  if (yank !== undefined) {
    throw yanked(version, yank);
  }
}

async function lookedUp(id: string, effects: PipelineEffects): Promise<Outcome | undefined> {
  const row = await timed(effects, 'lookup', () => effects.adapters.get(id));
  return row && { row, known: true };
}

/** What an adapter is made of and by. */
interface Plan {
  readonly version: HypernetVersion;
  readonly bundle: Bundle;
  readonly recipe: Recipe;
}

async function make(
  id: string,
  { version, bundle, recipe }: Plan,
  effects: PipelineEffects,
): Promise<Outcome> {
  await effects.admit?.();
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
  // Refused while it was made: whoever removed it did not see it.
  await effects.refuse?.(id, recipe.input).catch(async (error: unknown) => {
    await removeAdapter(row, effects);
    throw error;
  });
  // Another request was faster: its row is the one that everybody sees.
  const first = inserted ? undefined : await effects.adapters.get(id);
  return first === undefined ? { row, known: false } : { row: first, known: true };
}

/** What only the manifest can tell about a request. */
function checkAgainst({ manifest }: Bundle, { input, precision }: Recipe): void {
  const { encoder, graphs } = manifest;
  const supported = Object.keys(graphs).filter((key) => graphs[key as Precision] !== undefined);
  if (!supported.includes(precision)) {
    throw new T2lError(
      'precision_unavailable',
      `${manifest.name} ${manifest.version} has the precisions ${supported.join(', ')}.`,
      { extra: { supported } },
    );
  }
  if ('embedding' in input && input.embedding.length !== encoder.dim) {
    throw new T2lError(
      'embedding_wrong_dimension',
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
    searchText: description === null ? null : searchText(description),
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
