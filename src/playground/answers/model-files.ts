/**
 * The files of a base model that ships, from the endpoint's static assets: verified by the sha256 that
 * `/base-models/index.json` names, and kept, so that a second visit fetches nothing of them.
 */
import * as z from 'zod';
import { openFileCache } from '../../browser/file-cache.ts';
import { T2lError } from '../../contract/errors.ts';
import { documentOf, fileOf } from './kept-files.ts';
import type { Loading } from './protocol.ts';

const indexSchema = z.array(
  z.object({
    id: z.string(),
    folder: z.string(),
    files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
  }),
);

/** What answering takes; the other files are for other programs. */
const NEEDED = ['config.json', 'tokenizer.json', 'model.safetensors', 'lm.onnx'];
const FOLDER = '/base-models';

/**
 * A reader of a base model's files.
 *
 * @param tell is told how much of all files has come
 * @throws T2lError `endpoint_unreachable`, `download_corrupt`, or `file_unknown` if the endpoint has no
 *   such base model
 */
export async function modelReader(
  origin: string,
  id: string,
  tell: (loading: Loading) => void,
): Promise<(file: string) => Promise<Uint8Array>> {
  const cache = await openFileCache();
  const models = await documentOf(cache, origin, `${FOLDER}/index.json`, indexSchema);
  const model = models?.find((one) => one.id === id);
  if (model === undefined) {
    throw new T2lError('file_unknown', `The endpoint has no files of the base model ${id}.`);
  }
  const needed = model.files.filter(({ path }) => NEEDED.includes(path));
  const total = needed.reduce((sum, { bytes }) => sum + bytes, 0);
  const loaded = new Map<string, number>();
  return async (file) => {
    const listed = needed.find(({ path }) => path === file);
    if (listed === undefined) {
      throw new T2lError('file_unknown', `The endpoint has no ${file} of the base model ${id}.`);
    }
    return fileOf(cache, origin, `${FOLDER}/${model.folder}/${file}`, listed, (bytes) => {
      loaded.set(file, bytes);
      const sum = [...loaded.values()].reduce((all, one) => all + one, 0);
      tell({ step: 'fetching', loaded: sum, total });
    });
  };
}
