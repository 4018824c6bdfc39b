/** The file of a base model that somebody gave the endpoint (`npm run base-model`), for the page to run it. */
import * as z from 'zod';
import { type FileCache, openFileCache } from '../../browser/file-cache.ts';
import { T2lError } from '../../contract/errors.ts';
import { documentOf, fileOf, isKept } from './kept-files.ts';
import type { Loading, Offer } from './protocol.ts';

const documentSchema = z.object({
  file: z.object({ bytes: z.int(), sha256: z.string(), url: z.string().startsWith('/') }),
});

type File = z.output<typeof documentSchema>['file'];

/**
 * Whether the endpoint has one.
 *
 * @throws T2lError `endpoint_unreachable`
 */
export async function ggufOffer(origin: string, id: string): Promise<Offer> {
  const cache = await openFileCache();
  const file = await find(cache, origin, id);
  if (file === undefined) {
    return { kind: 'absent' };
  }
  const kept = await isKept(cache, origin, file.url, file);
  return { kind: 'offered', bytes: file.bytes, kept };
}

/**
 * Its bytes.
 *
 * @param tell is told how much has come
 * @throws T2lError `base_model_unknown`, `endpoint_unreachable` or `download_corrupt`
 */
export async function readGgufFile(
  origin: string,
  id: string,
  tell: (loading: Loading) => void,
): Promise<Uint8Array> {
  const cache = await openFileCache();
  const file = await find(cache, origin, id);
  if (file === undefined) {
    throw new T2lError('base_model_unknown', `The endpoint has no file of ${id}.`);
  }
  return fileOf(cache, origin, file.url, file, (loaded) =>
    tell({ step: 'fetching', loaded, total: file.bytes }),
  );
}

async function find(cache: FileCache, origin: string, id: string): Promise<File | undefined> {
  return (await documentOf(cache, origin, `/v1/base-models/${id}`, documentSchema))?.file;
}
