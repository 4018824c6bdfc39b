/**
 * 64 hex digits: what a sha256 is written as, and with it the id of an adapter, the digest of a bundle
 * and the hash of a file; and how bytes are written in hex.
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

/** Bytes in lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
