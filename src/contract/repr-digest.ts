/**
 * `Repr-Digest` of RFC 9530, by which an answer names the sha256 of the whole file it is about, also if
 * it carries only a part of it: a dictionary of algorithms and hashes in base64,
 *
 *   Repr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
 */
import { toHex } from './hex.ts';

/** Names the sha256, in hex, of the weights that a file of another layout was made of. */
export const WEIGHTS_HEADER = 'T2L-Weights';

const SHA256 = 'sha-256=';

/** The header's value for a sha256 in hex. */
export function reprDigest(sha256: string): string {
  const bytes = Array.from(sha256.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  return `${SHA256}:${btoa(String.fromCharCode(...bytes))}:`;
}

/**
 * The sha256 that a header names, in lower-case hex; undefined if it names none. A value that is not
 * one comes back as it stands: it was changed on its way, so it must equal no hash.
 */
export function sha256Named(header: string | null): string | undefined {
  const members = (header ?? '').split(',').map((member) => member.trim());
  const value = members.findLast((member) => member.startsWith(SHA256))?.slice(SHA256.length);
  const base64 = /^:([A-Za-z0-9+/]{43}=):(;.*)?$/.exec(value ?? '')?.[1];
  if (base64 === undefined) {
    return value;
  }
  return toHex(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
