/** Files of the endpoint that are fetched once: kept in the browser, and believed by their sha256. */
import type * as z from 'zod';
import { download } from '../../browser/download.ts';
import type { FileCache } from '../../browser/file-cache.ts';
import { sha256Hex } from '../../contract/adapter-id.ts';
import { T2lError } from '../../contract/errors.ts';

/** What is known of a file before its bytes are there. */
export interface KnownFile {
  readonly sha256: string;
}

/**
 * A document that says which files there are; without a network the one of the last visit.
 *
 * @returns undefined if the endpoint has none
 * @throws T2lError `endpoint_unreachable` if there was no visit before
 */
export async function documentOf<Schema extends z.ZodType>(
  cache: FileCache,
  origin: string,
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const url = `${origin}${path}`;
  const bytes = await download(origin, path, () => undefined, undefined).then(
    async (found) => {
      await (found === null ? cache.remove(url) : cache.put(url, found));
      return found;
    },
    async (error: unknown) => {
      const kept = await cache.get(url);
      if (kept === null) {
        throw error;
      }
      return kept;
    },
  );
  return bytes === null ? undefined : schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/**
 * The bytes of a file.
 *
 * @param report is told how many have come
 * @throws T2lError `download_corrupt` if they are others than those of the sha256
 */
export async function fileOf(
  cache: FileCache,
  origin: string,
  path: string,
  { sha256 }: KnownFile,
  report: (loaded: number) => void,
): Promise<Uint8Array> {
  const url = keyOf(origin, path, sha256);
  const kept = await cache.get(url);
  if (kept !== null && (await sha256Hex(kept)) === sha256) {
    report(kept.length);
    return kept;
  }
  const bytes = await download(origin, path, report, undefined);
  if (bytes === null || (await sha256Hex(bytes)) !== sha256) {
    throw new T2lError(
      'download_corrupt',
      `${path} is not the file of sha256 ${sha256} that the endpoint lists.`,
    );
  }
  await cache.put(url, bytes);
  return bytes;
}

/** Whether a file was fetched before; its bytes are not looked at. */
export async function isKept(
  cache: FileCache,
  origin: string,
  path: string,
  { sha256 }: KnownFile,
): Promise<boolean> {
  return cache.has(keyOf(origin, path, sha256));
}

function keyOf(origin: string, path: string, sha256: string): string {
  return `${origin}${path}?sha256=${sha256}`;
}
