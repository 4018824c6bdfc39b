/**
 * Whether downloaded bytes are those of the file that was asked for. The adapter document names the
 * sha256 of what is stored. What is made on demand, another layout or `adapter.gguf`, stands in no
 * document: there the answer's Repr-Digest counts, which an endpoint of an earlier version, or a page
 * of another site that may not read it, has not. Both are hashes of the bytes without Content-Encoding,
 * as `fetch` gives them: endpoints use none, and ask proxies to add none.
 */
import { GGUF_FILE } from '../adapter/gguf.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { sha256Named } from '../contract/repr-digest.ts';
import type { Answer } from './answer.ts';
import type { AdapterDocument, Layout } from './documents.ts';

/**
 * Checks a download.
 *
 * @throws T2lError `download_corrupt`
 */
export async function checkDownload(
  { id, files }: Pick<AdapterDocument, 'id' | 'files'>,
  file: string,
  layout: Layout | undefined,
  { bytes, headers }: Answer,
): Promise<void> {
  const plain = layout === undefined || layout === 'peft';
  const listed = plain && Object.hasOwn(files, file) ? files[file]?.sha256 : undefined;
  const expected = listed ?? sha256Named(headers.get('repr-digest'));
  if (expected === undefined) {
    if (plain && file !== GGUF_FILE) {
      throw new T2lError(
        'download_corrupt',
        `${file} of ${id} cannot be checked: neither its document nor the answer names its sha256.`,
      );
    }
    return;
  }
  const actual = await sha256Hex(bytes);
  if (actual !== expected) {
    const source = listed === undefined ? "the answer's Repr-Digest" : 'its document';
    throw new T2lError(
      'download_corrupt',
      `${file} of ${id} has sha256 ${actual}, ${source} says ${expected}.`,
    );
  }
}
