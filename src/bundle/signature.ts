/**
 * Who a bundle is from: an Ed25519 signature over the very bytes of `manifest.json`, in a file of its own
 * beside it. The manifest names every other file by sha256, so the signature covers the whole bundle, and
 * neither the manifest nor its digest depends on whether there is one.
 *
 *   manifest.sig   {"key": "<first 16 hex digits of the public key's sha256>", "signature": "<base64>"}
 *
 * A digest says which bundle it is, and whoever may write to the bucket can make one with another digest.
 * A signature says that a holder of a trusted key made it.
 */
import * as z from 'zod';
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { type BundleSource, bundlePath, readManifest } from './bundle.ts';

export const SIGNATURE_FILE = 'manifest.sig';
export const ALGORITHM = 'Ed25519';
/** Digits of a public key's sha256 that name it: enough to tell one's own keys apart, no more is meant. */
const KEY_ID_DIGITS = 16;
/** 32 bytes in base64. */
const PUBLIC_KEY = /^[A-Za-z0-9+/]{43}=$/;

/** The content of a signature file. */
export const signatureSchema = z.strictObject({
  key: z.string().regex(new RegExp(`^[0-9a-f]{${KEY_ID_DIGITS}}$`)),
  /** 64 bytes. */
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});

/** Public keys by their ids. */
export type TrustedKeys = ReadonlyMap<string, CryptoKey>;

/** The name of a public key. */
export async function keyIdOf(publicKey: Uint8Array): Promise<string> {
  return (await sha256Hex(publicKey)).slice(0, KEY_ID_DIGITS);
}

/**
 * The keys of the variable TRUSTED_KEYS; undefined if there is no such variable: then nobody asks for
 * signatures.
 *
 * @throws T2lError `trusted_keys_malformed`: whoever set it wants signatures, so no bundle passes
 */
export async function readTrustedKeys(text: string | undefined): Promise<TrustedKeys | undefined> {
  if (!text) {
    return undefined;
  }
  const keys = new Map<string, CryptoKey>();
  for (const one of text.split(',').map((part) => part.trim())) {
    // Not said what it is instead: somebody may have put a private key there.
    if (!PUBLIC_KEY.test(one)) {
      throw new T2lError(
        'trusted_keys_malformed',
        'TRUSTED_KEYS must be public keys as `t2l keys new` prints them, 44 characters of base64 each, separated by commas.',
      );
    }
    const bytes = fromBase64(one);
    const key = await crypto.subtle.importKey('raw', bytes, ALGORITHM, false, ['verify']);
    keys.set(await keyIdOf(bytes), key);
  }
  return keys;
}

/**
 * Checks that a bundle is signed by one of the keys.
 *
 * @throws T2lError `bundle_unsigned`, `bundle_key_untrusted` or `bundle_signature_invalid`
 */
export async function checkSignature(
  source: BundleSource,
  reference: { readonly name: string; readonly version: string; readonly digest: string },
  keys: TrustedKeys,
): Promise<void> {
  const what = `${reference.name}@${reference.version}`;
  const manifest = await readManifest(source, reference);
  const file = await source.read(bundlePath(reference, SIGNATURE_FILE));
  if (file === null) {
    throw new T2lError(
      'bundle_unsigned',
      `${what} has no ${SIGNATURE_FILE}; this endpoint takes bundles that one of its TRUSTED_KEYS signed.`,
    );
  }
  const signed = parseSignature(file);
  if (signed === undefined) {
    throw new T2lError(
      'bundle_signature_invalid',
      `The ${SIGNATURE_FILE} of ${what} must be {"key", "signature"} as npm run release writes it.`,
    );
  }
  const key = keys.get(signed.key);
  if (key === undefined) {
    throw new T2lError(
      'bundle_key_untrusted',
      `${what} is signed with the key ${signed.key}; this endpoint trusts ${[...keys.keys()].join(', ')}.`,
    );
  }
  const signature = fromBase64(signed.signature);
  if (!(await crypto.subtle.verify(ALGORITHM, key, signature, new Uint8Array(manifest)))) {
    throw new T2lError(
      'bundle_signature_invalid',
      `The ${SIGNATURE_FILE} of ${what} is not the signature of its manifest by the key ${signed.key}; sign it again.`,
    );
  }
}

function parseSignature(bytes: Uint8Array): z.output<typeof signatureSchema> | undefined {
  try {
    return signatureSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Bytes of base64 that a pattern has admitted. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
