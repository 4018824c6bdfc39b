/**
 * 64 hex digits: what a sha256 is written as, and with it the id of an adapter, the digest of a bundle
 * and the hash of a file.
 */
import * as z from 'zod';

/** The digits, for patterns that hold more than them. */
export const HEX_64 = '[0-9a-f]{64}';
const WHOLE = new RegExp(`^${HEX_64}$`);

/** Whether a text is 64 lower-case hex digits and nothing else. */
export function isHex64(text: string): boolean {
  return WHOLE.test(text);
}

/** A sha256, a digest or an adapter id. */
export const hex64 = z.string().regex(WHOLE);
