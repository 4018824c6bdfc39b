/**
 * From a request to an adapter:
 *
 *   resolve the hypernetwork -> adapter id -> row? -> yes: known
 *                                             no: yanked, refused? -> admitted? moderated?
 *                                                 -> encode, run, pack -> unfit? -> R2 -> row -> made
 *
 * Whether an adapter is listed and what fit is enough for whoever asks are no part of what it is: they
 * change no id and no byte, and hold for a known one as for a new one.
 *
 * Generation is deterministic, so two identical requests at once write the same bytes: R2 takes the
 * first and D1 keeps the first row, and both answer with that row; in one isolate the second waits for
 * the first (making.ts). The object is written before the row, so a row never names bytes that were never
 * there; a crash between the two leaves an orphan, which the next request adopts or the sweep removes.
 */

import { requireStrength } from '../adapter/strength.ts';
import type { Bundle } from '../bundle/bundle.ts';
import type { Precision } from '../bundle/manifest.ts';
import { type AdapterInput, adapterId } from '../contract/adapter-id.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import { isHex64 } from '../contract/hex.ts';
import { free } from '../ort/memory.ts';
import type { HypernetVersion } from '../store/families.ts';
import type { AdapterRow } from '../store/schema.ts';
import { isOfVersion } from './canary-watch.ts';
import { type PipelineEffects, type Recipe, timed } from './effects.ts';
import type { Making } from './making.ts';
import { type Plan, rowOf } from './new-row.ts';
import type { Dtype, Produced } from './produce.ts';
import { requireFit } from './require-fit.ts';
import { removeAdapter } from './stored-files.ts';
import { yanked } from './yank.ts';

/** What an adapter is to be made from; already validated. */
export interface AdapterRequest {
  readonly input: AdapterInput;
  readonly hypernet: string | undefined;
  readonly dtype: Dtype;
  readonly precision: Precision | undefined;
  readonly strength: number;
  /**
   * Whether lists are to leave it out. Left out, a new adapter is listed and a known one stays as it is;
   * false lists one that was unlisted, and nothing takes one from the lists that is in them.
   */
  readonly unlisted?: boolean | undefined;
  /** False: nothing is made, or answered with, whose fit is `unfit`. */
  readonly allowUnfit?: boolean | undefined;
}

/** An adapter's row, and whether it existed before the request. */
export interface Outcome {
  readonly row: AdapterRow;
  readonly known: boolean;
}

/**
 * Finds the adapter a request determines, or makes it.
 *
 * @throws T2lError `adapter_unfit` if the request wants none of that fit, and whatever the effects throw
 */
export async function generateAdapter(
  request: AdapterRequest,
  effects: PipelineEffects,
): Promise<Outcome> {
  const { id, plan, known } = await foreseen(request, effects);
  if (known !== undefined) {
    return known;
  }
  const making: Making = effects.making ?? ((_id, work) => work(false));
  return making(
    id,
    async (waited) =>
      (waited ? await lookedUp(id, request, effects) : undefined) ??
      make(id, plan, request, effects),
  );
}

/** What a request will come to. */
export interface Foreseen {
  readonly id: string;
  readonly plan: Plan;
  /** The adapter, if there is one already. */
  readonly known: Outcome | undefined;
}

/**
 * Lets a request have its adapter made some time later. Whatever may refuse it is asked now, while somebody
 * is there to be told; who makes it then need not ask again, but for what may have changed.
 *
 * @param admittedBefore ids of adapters that will be made anyway
 */
export async function admittedForLater(
  request: AdapterRequest,
  effects: PipelineEffects,
  admittedBefore: ReadonlySet<string>,
): Promise<Foreseen> {
  const found = await foreseen(request, effects);
  if (found.known === undefined && !admittedBefore.has(found.id)) {
    await admitted(found.plan.recipe, effects);
  }
  return found;
}

async function foreseen(request: AdapterRequest, effects: PipelineEffects): Promise<Foreseen> {
  const version = await effects.catalog.resolve(request.hypernet, request.input);
  const bundle = await noted(version, request, effects, () => effects.catalog.open(version));
  const recipe: Recipe = {
    input: request.input,
    dtype: request.dtype,
    precision: request.precision ?? bundle.manifest.precision,
    strength: request.strength,
  };
  checkAgainst(bundle, recipe);
  const id = await adapterId({ digest: version.digest, ...recipe });
  const plan: Plan = { version, bundle, recipe, unlisted: request.unlisted === true };
  const known = await lookedUp(id, request, effects);
  if (known === undefined) {
    await requireUnyanked(version, effects);
    await effects.refuse?.(id, recipe.input);
  }
  return { id, plan, known };
}

/** Lets an adapter be made that nobody has made yet. */
async function admitted({ input }: Recipe, effects: PipelineEffects): Promise<void> {
  const giveBack = await effects.admit?.();
  // Admitted first: what is refused counts, so that nobody has a service asked without end.
  if (effects.moderate !== undefined && 'description' in input) {
    try {
      await timed(effects, 'moderate', async () => effects.moderate?.(input.description));
    } catch (error) {
      // Without a decision nobody has had anything.
      if (error instanceof T2lError && error.status >= 500) {
        await giveBack?.();
      }
      throw error;
    }
  }
}

/** Does a step of a version's, and notes a failure that is the version's. */
async function noted<T>(
  version: HypernetVersion,
  request: AdapterRequest,
  effects: PipelineEffects,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await blamingBundlesOn('endpoint', work);
  } catch (error) {
    if (isOfVersion(error)) {
      effects.outcome?.(version, true, routed(request));
    }
    throw error;
  }
}

/** The description of a request that leaves it to a name which version makes it; undefined of others. */
function routed({ hypernet = '', input }: AdapterRequest): string | undefined {
  const named = hypernet.includes('@') || isHex64(hypernet);
  return named || !('description' in input) ? undefined : input.description;
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

async function lookedUp(
  id: string,
  request: AdapterRequest,
  effects: PipelineEffects,
): Promise<Outcome | undefined> {
  const row = await timed(effects, 'lookup', () => effects.adapters.get(id));
  return row && knownOutcome(row, request, effects);
}

/** The outcome of a request whose adapter is there already. */
async function knownOutcome(
  row: AdapterRow,
  request: AdapterRequest,
  { adapters }: PipelineEffects,
): Promise<Outcome> {
  requireFit(row.fit, request);
  if (row.unlisted && request.unlisted === false) {
    await adapters.enlist(row.id);
    return { row: (await adapters.get(row.id)) ?? row, known: true };
  }
  return { row, known: true };
}

async function make(
  id: string,
  plan: Plan,
  request: AdapterRequest,
  effects: PipelineEffects,
): Promise<Outcome> {
  const { bundle, recipe } = plan;
  await admitted(recipe, effects);
  const { version } = plan;
  const produced = await noted(version, request, effects, () => effects.produce(bundle, recipe));
  effects.outcome?.(version, false, routed(request));
  for (const [step, milliseconds] of Object.entries(produced.timings_ms)) {
    effects.time(step, milliseconds);
  }
  try {
    // An encoder reads many texts alike: what was refused is not to be had by typing it otherwise.
    await effects.refuse?.(id, { embedding: produced.embedding });
    requireFit(produced.fit, request);
  } catch (error) {
    freeFiles(produced);
    throw error;
  }
  const row = rowOf(id, plan, produced, effects.now());
  const inserted = await timed(effects, 'store', async () => {
    await effects.blobs.put(id, produced.files);
    freeFiles(produced);
    return effects.adapters.insert(row);
  });
  // Refused while it was made: whoever removed it did not see it.
  await effects.refuse?.(id, recipe.input).catch(async (error: unknown) => {
    await removeAdapter(row, effects);
    throw error;
  });
  // Another request was faster: its row is the one that everybody sees.
  const first = inserted ? undefined : await effects.adapters.get(id);
  return first === undefined ? { row, known: false } : knownOutcome(first, request, effects);
}

function freeFiles({ files }: Produced): void {
  for (const { bytes } of files) {
    free(bytes);
  }
}

/** What only the manifest can tell about a request. */
function checkAgainst({ manifest }: Bundle, { input, precision, strength }: Recipe): void {
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
  requireStrength(manifest, strength);
}
