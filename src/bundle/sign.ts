/**
 * Signing a bundle, on the machine of whoever releases it: the endpoint knows public keys only. A private
 * key is a PEM file (PKCS #8), as openssl reads and writes them too.
 */
import * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { ALGORITHM, fromBase64, keyIdOf, type signatureSchema } from './signature.ts';

/** A private key that can be used. */
export interface SigningKey {
  readonly id: string;
  /** 32 bytes in base64: what an endpoint's TRUSTED_KEYS takes. */
  readonly publicKey: string;
  /** The content of `manifest.sig` for the bytes of a manifest; the same bytes give the same. */
  sign(manifest: Uint8Array): Promise<Uint8Array>;
}

const PEM =
  /^\s*-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END PRIVATE KEY-----\s*$/;
const PEM_LINE = /.{1,64}/g;

/** What WebCrypto exports of a private key. */
const jwkSchema = z.object({ x: z.string() });

/** A new private key as a PEM file holds it. */
export async function newPrivateKey(): Promise<string> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const { privateKey } = pair as CryptoKeyPair;
  const der = await crypto.subtle.exportKey('pkcs8', privateKey);
  const lines = toBase64(new Uint8Array(der as ArrayBuffer)).match(PEM_LINE) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

/**
 * The key of a PEM file's text.
 *
 * @throws T2lError `signing_key_invalid`
 */
export async function readPrivateKey(pem: string): Promise<SigningKey> {
  const privateKey = await importPem(pem);
  const { x } = jwkSchema.parse(await crypto.subtle.exportKey('jwk', privateKey));
  // base64url without padding, of 32 bytes.
  const publicKey = `${x.replaceAll('-', '+').replaceAll('_', '/')}=`;
  const id = await keyIdOf(fromBase64(publicKey));
  return {
    id,
    publicKey,
    async sign(manifest) {
      const bytes = await crypto.subtle.sign(ALGORITHM, privateKey, new Uint8Array(manifest));
      const content: z.output<typeof signatureSchema> = {
        key: id,
        signature: toBase64(new Uint8Array(bytes)),
      };
      return new TextEncoder().encode(`${JSON.stringify(content)}\n`);
    },
  };
}

async function importPem(pem: string): Promise<CryptoKey> {
  const [, text = ''] = PEM.exec(pem) ?? [];
  try {
    const der = fromBase64(text.replaceAll(/\s/g, ''));
    return await crypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  } catch {
    // Nothing of the text: it may be a secret of another kind.
    throw new T2lError(
      'signing_key_invalid',
      'The signing key must be an Ed25519 private key in PEM, as `t2l keys new FILE` writes it.',
    );
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
