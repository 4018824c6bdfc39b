/**
 * The text of tokens. 32 random bytes cannot be guessed, so one round of sha256 is enough to keep them by:
 * whoever reads the database learns no token. A token is found by its hash, and a comparison of hashes
 * tells nothing by how long it takes.
 */
import { sha256Hex } from '../contract/adapter-id.ts';

/** How tokens begin, so that people and scanners of leaked secrets know one when they see it. */
const PREFIX = 't2l_';
const BYTES = 32;
const FORM = /^t2l_[\w-]{43}$/;

/** A new token. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  const text = btoa(String.fromCharCode(...bytes));
  return PREFIX + text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Whether a text can be one of our tokens; another hub's is not looked up. */
export function isSecret(text: string): boolean {
  return FORM.test(text);
}

/** What a token is kept by: its sha256 in hex. */
export async function hashOf(secret: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(secret));
}

/** Whether two secrets are the same; how long it takes depends on neither. */
export async function sameSecret(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256(left), sha256(right)]);
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  }
  return difference === 0;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
