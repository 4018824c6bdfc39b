/**
 * Reading a stored file without waiting for its row: the address of a whole id says where the object lies.
 *
 *   read before by this isolate   the row's sha256 is remembered, so the object alone is read
 *   read for the first time       the object is opened while the row is looked up
 *
 * Either way the row decides which bytes it must be, and where the object is gone or damaged the row is
 * asked what to do.
 */
import type { Context } from 'hono';
import { CONFIG_FILE, WEIGHTS_FILE } from '../adapter/peft.ts';
import { isHex64 } from '../contract/hex.ts';
import { canonicalId } from '../contract/requests/names.ts';
import type { KeptContent } from '../pipeline/layout-file.ts';
import { readStored } from '../pipeline/stored-files.ts';
import type { StoredFile } from '../store/schema.ts';
import type { AppEnv } from './route.ts';

const STORED = new Set([WEIGHTS_FILE, CONFIG_FILE]);
/** With one of these the answer may be a part of the file or nothing of it. */
const CONDITIONS = ['if-match', 'if-none-match', 'range'];

/**
 * The file, if its hash is remembered and the object still has it.
 *
 * @param given the id as the address has it
 */
export async function readAgain(
  c: Context<AppEnv>,
  given: string,
  name: string,
): Promise<(StoredFile & KeptContent) | undefined> {
  const { recorded, blobs } = c.get('services');
  const id = wholeFileOf(c, given, name);
  const file = id && recorded.of(id)?.find((one) => one.name === name);
  if (!id || !file) {
    return undefined;
  }
  const stored = await readStored({ id }, file, undefined, { blobs });
  if (typeof stored === 'string') {
    recorded.forget(id);
    return undefined;
  }
  return { ...file, read: async () => stored };
}

/**
 * Begins to read the file if the answer will most likely be the whole of it.
 *
 * @param given the id as the address has it
 */
export function readAhead(c: Context<AppEnv>, given: string, name: string): void {
  const id = wholeFileOf(c, given, name);
  if (id !== undefined) {
    c.get('services').blobs.begin?.(id, name);
  }
}

/** The id, if the whole of a stored file is asked for by all of it. */
function wholeFileOf(c: Context<AppEnv>, given: string, name: string): string | undefined {
  const id = canonicalId(given);
  const plain = c.req.method === 'GET' && CONDITIONS.every((header) => !c.req.header(header));
  return plain && isHex64(id) && STORED.has(name) ? id : undefined;
}
