/**
 * Whether downloaded bytes are those of the file that was asked for. The adapter document names the
 * sha256 of what is stored. What is made on demand, another layout or `adapter.gguf`, stands in no
 * document: there the answer's Repr-Digest counts, and the answer must name the document's weights as
 * what it was made of. An endpoint of an earlier version names none: it did not look at the weights when
 * it made a layout of them, so what it made is refused. Hashes are of the bytes without Content-Encoding,
 * as `fetch` gives them: endpoints use none, and ask proxies to add none.
 */
import { GGUF_FILE } from '../adapter/gguf.ts';
import { WEIGHTS_FILE } from '../adapter/peft.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { sha256Named, WEIGHTS_HEADER } from '../contract/repr-digest.ts';
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
  const made = !plain || file === GGUF_FILE;
  if (made) {
    checkOrigin({ id, files }, file, headers);
  }
  const expected = listed ?? sha256Named(headers.get('repr-digest'));
  if (expected === undefined) {
    if (!made) {
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

/** Refuses what was not made of the weights that the document names. */
function checkOrigin(
  { id, files }: Pick<AdapterDocument, 'id' | 'files'>,
  file: string,
  headers: Headers,
): void {
  const weights = files[WEIGHTS_FILE]?.sha256;
  const origin = headers.get(WEIGHTS_HEADER);
  if (weights !== undefined && origin !== weights) {
    const said = origin === null ? 'does not say of which' : `says of those of sha256 ${origin}`;
    throw new T2lError(
      'download_corrupt',
      `${file} of ${id} is made of its weights, of sha256 ${weights}; the answer ${said}.`,
    );
  }
}
