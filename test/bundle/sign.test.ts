/** Keys and signatures, against node:crypto, which is OpenSSL. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { expect, test } from 'vitest';
import { newPrivateKey, readPrivateKey } from '../../src/bundle/sign.ts';
import { readTrustedKeys, signatureSchema } from '../../src/bundle/signature.ts';

const MANIFEST = new TextEncoder().encode('{"name":"t2l-mini"}');

function parsed(file: Uint8Array): { key: string; signature: string } {
  return signatureSchema.parse(JSON.parse(new TextDecoder().decode(file)));
}

test('a new key is one that OpenSSL reads, and its signatures are those of OpenSSL', async () => {
  const pem = await newPrivateKey();
  expect(Math.max(...pem.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(64);
  const reference = createPrivateKey(pem);
  const key = await readPrivateKey(pem);
  const { signature } = parsed(await key.sign(MANIFEST));
  expect(signature).toBe(sign(null, MANIFEST, reference).toString('base64'));
  expect(verify(null, MANIFEST, createPublicKey(reference), Buffer.from(signature, 'base64'))).toBe(
    true,
  );
  expect(await readPrivateKey(await newPrivateKey())).not.toMatchObject({ id: key.id });
});

test("OpenSSL's keys are read, and named by the sha256 of the public key", async () => {
  const pair = generateKeyPairSync('ed25519');
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const key = await readPrivateKey(`\n${String(pem).replaceAll('\n', '\r\n')}`);
  const raw = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  expect(key.publicKey).toBe(raw.toString('base64'));
  expect(key.id).toBe(createHash('sha256').update(raw).digest('hex').slice(0, 16));
  expect(parsed(await key.sign(MANIFEST)).key).toBe(key.id);
  expect([...((await readTrustedKeys(` ${key.publicKey} `)) ?? [])].map(([id]) => id)).toEqual([
    key.id,
  ]);
});

test.each<[string, () => string]>([
  ['nothing', () => ''],
  [
    'a public key',
    () => String(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })),
  ],
  [
    'a key of another kind',
    () => String(generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' })),
  ],
  ['half a key', () => '-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n'],
  ['no base64', () => '-----BEGIN PRIVATE KEY-----\n=A=\n-----END PRIVATE KEY-----\n'],
])('%s is no key to sign with, and nothing of it is said', async (_name, text) => {
  await expect(readPrivateKey(text())).rejects.toThrow(
    /^signing_key_invalid: The signing key must be an Ed25519 private key in PEM, as `t2l keys new FILE` writes it\.$/,
  );
});

test('without the variable there are no trusted keys; with a wrong one, no bundle is trusted', async () => {
  expect(await readTrustedKeys(undefined)).toBeUndefined();
  expect(await readTrustedKeys('')).toBeUndefined();
  const { publicKey } = await readPrivateKey(await newPrivateKey());
  for (const text of [
    ' ',
    ',',
    'abc',
    `${publicKey},`,
    `${publicKey} ${publicKey}`,
    publicKey.slice(1),
  ]) {
    await expect(readTrustedKeys(text)).rejects.toMatchObject({ code: 'trusted_keys_malformed' });
  }
});
