/**
 * The files of a base model, from the endpoint's static assets: verified by the sha256 that
 * `/base-models/index.json` names, and kept, so that a second visit fetches nothing of them.
 */
import * as z from 'zod';
import { download } from '../../browser/download.ts';
import { openFileCache } from '../../browser/file-cache.ts';
import { sha256Hex } from '../../contract/adapter-id.ts';
import { T2lError } from '../../contract/errors.ts';
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
  const indexUrl = `${origin}${FOLDER}/index.json`;
  const index = await readIndex(origin).then(
    async (bytes) => {
      await cache.put(indexUrl, bytes);
      return bytes;
    },
    async (error: unknown) => {
      const kept = await cache.get(indexUrl);
      if (kept === null) {
        throw error;
      }
      return kept;
    },
  );
  const models = indexSchema.parse(JSON.parse(new TextDecoder().decode(index)));
  const model = models.find((one) => one.id === id);
  if (model === undefined) {
    throw new T2lError('file_unknown', `The endpoint has no files of the base model ${id}.`);
  }
  const needed = model.files.filter(({ path }) => NEEDED.includes(path));
  const total = needed.reduce((sum, { bytes }) => sum + bytes, 0);
  const loaded = new Map<string, number>();
  function report(file: string, bytes: number): void {
    loaded.set(file, bytes);
    tell({ loaded: [...loaded.values()].reduce((sum, one) => sum + one, 0), total });
  }
  return async (file) => {
    const listed = needed.find(({ path }) => path === file);
    const path = `${FOLDER}/${model.folder}/${file}`;
    const url = `${origin}${path}?sha256=${listed?.sha256}`;
    const kept = await cache.get(url);
    if (kept !== null && (await sha256Hex(kept)) === listed?.sha256) {
      report(file, kept.length);
      return kept;
    }
    const bytes = await download(origin, path, (part) => report(file, part), undefined);
    if (bytes === null || (await sha256Hex(bytes)) !== listed?.sha256) {
      throw new T2lError(
        'download_corrupt',
        `${file} of ${id} is not the file of sha256 ${listed?.sha256} that the endpoint lists.`,
      );
    }
    await cache.put(url, bytes);
    return bytes;
  };
}

async function readIndex(origin: string): Promise<Uint8Array> {
  const index = await download(origin, `${FOLDER}/index.json`, () => undefined, undefined);
  if (index === null) {
    throw new T2lError('file_unknown', 'The endpoint serves no base models.');
  }
  return index;
}
