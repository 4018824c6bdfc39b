/**
 * Reading a stored file while its row is looked up: the address of a whole id says where the object lies,
 * so the two need not wait for each other. The row still decides whether there is such a file and which
 * bytes it must have.
 */
import type { Context } from 'hono';
import { CONFIG_FILE, WEIGHTS_FILE } from '../adapter/peft.ts';
import { isHex64 } from '../contract/hex.ts';
import { canonicalId } from '../contract/requests/names.ts';
import type { AppEnv } from './route.ts';

const STORED = new Set([WEIGHTS_FILE, CONFIG_FILE]);
/** With one of these the answer may be a part of the file or nothing of it. */
const CONDITIONS = ['if-match', 'if-none-match', 'range'];

/**
 * Begins to read the file if the answer will most likely be the whole of it.
 *
 * @param id as the address has it
 */
export function readAhead(c: Context<AppEnv>, id: string, name: string): void {
  const whole = canonicalId(id);
  const plain = c.req.method === 'GET' && CONDITIONS.every((header) => !c.req.header(header));
  if (plain && isHex64(whole) && STORED.has(name)) {
    c.get('services').blobs.begin?.(whole, name);
  }
}
