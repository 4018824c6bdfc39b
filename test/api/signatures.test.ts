/** An endpoint with trusted keys takes bundles that one of them signed, and those that ship. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newPrivateKey, readPrivateKey, type SigningKey } from '../../src/bundle/sign.ts';
import { type BuiltInBundle, type BundleName, defaultBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;
let builtIn: BuiltInBundle;
let ours: SigningKey;
let second: SigningKey;
let foreign: SigningKey;

beforeAll(async () => {
  builtIn = await defaultBundle();
  [ours, second, foreign] = await Promise.all([newKey(), newKey(), newKey()]);
  const trusted = `${ours.publicKey}, ${second.publicKey}`;
  server = await startServer({ ADMIN_TOKEN, TRUSTED_KEYS: trusted });
});

afterAll(async () => {
  await server.close();
});

async function newKey(): Promise<SigningKey> {
  return readPrivateKey(await newPrivateKey());
}

function pathOf({ name, version }: BundleName, file: string): string {
  return `${name}/${version}/${file}`;
}

async function manifestOf(bundle: BundleName): Promise<Uint8Array> {
  const object = await server.env.HYPERNETS.get(pathOf(bundle, 'manifest.json'));
  return new Uint8Array((await object?.arrayBuffer()) ?? []);
}

async function putSignature(bundle: BundleName, content: Uint8Array | string): Promise<void> {
  await server.env.HYPERNETS.put(pathOf(bundle, 'manifest.sig'), content);
}

async function signWith(key: SigningKey, bundle: BundleName): Promise<void> {
  await putSignature(bundle, await key.sign(await manifestOf(bundle)));
}

function register(bundle: BundleName): Promise<Response> {
  const { name, version, digest } = bundle;
  return server.send('/v1/hypernets', { name, version, digest }, { headers });
}

function activate(version: string): Promise<Response> {
  const path = `/v1/hypernets/${builtIn.name}/active`;
  return server.send(path, { version }, { method: 'PUT', headers });
}

async function codeOf(response: Response): Promise<[number, unknown]> {
  return [response.status, ((await response.json()) as { code?: unknown }).code];
}

test('a bundle that a trusted key signed is registered and activated, with the digest that it had', async () => {
  for (const [version, key] of [
    ['7.0.0', ours],
    ['7.0.1', second],
  ] as const) {
    const bundle = await uploadVariant(server.env, version);
    await signWith(key, bundle);
    expect((await register(bundle)).status).toBe(201);
    const active = await activate(version);
    expect(await active.json()).toMatchObject({ active: bundle.digest });
  }
});

test.each<[string, (bundle: BundleName) => Promise<void>, string]>([
  ['no signature', async () => {}, 'bundle_unsigned'],
  ['the signature of a foreign key', (bundle) => signWith(foreign, bundle), 'bundle_key_untrusted'],
  [
    'the signature of a foreign key under the name of a trusted one',
    async (bundle) => {
      const text = new TextDecoder().decode(await foreign.sign(await manifestOf(bundle)));
      await putSignature(bundle, text.replace(foreign.id, ours.id));
    },
    'bundle_signature_invalid',
  ],
  [
    'the signature of another bundle',
    async (bundle) => {
      const other = await manifestOf({ ...bundle, version: '7.0.0' });
      await putSignature(bundle, await ours.sign(other));
    },
    'bundle_signature_invalid',
  ],
  [
    'half a signature',
    (bundle) => putSignature(bundle, '{"key":"0123456789abcdef"}'),
    'bundle_signature_invalid',
  ],
  ['bytes for a signature', (bundle) => putSignature(bundle, '\0\xff'), 'bundle_signature_invalid'],
])('a bundle with %s is refused', async (_name, sign, code) => {
  const bundle = await uploadVariant(server.env, '7.1.0');
  await server.env.HYPERNETS.delete(pathOf(bundle, 'manifest.sig'));
  await sign(bundle);
  expect(await codeOf(await register(bundle))).toEqual([422, code]);
  expect(await codeOf(await activate('7.1.0'))).toEqual([404, 'hypernet_unknown']);
});

test('a bundle that was changed after it was signed is refused, under the old digest and the new one', async () => {
  const signed = await uploadVariant(server.env, '7.2.0');
  await signWith(ours, signed);
  const tampered = await uploadVariant(server.env, '7.2.0', (manifest) => {
    manifest.training = { seed: 666 };
  });
  expect(await codeOf(await register(signed))).toEqual([422, 'bundle_digest_mismatch']);
  expect(await codeOf(await register(tampered))).toEqual([422, 'bundle_signature_invalid']);
});

test('a version that was registered while nobody asked for signatures is not activated', async () => {
  const bundle = await uploadVariant(server.env, '7.3.0');
  await server.env.DB.prepare('INSERT INTO hypernets VALUES (?, ?, ?, 0)')
    .bind(bundle.digest, bundle.name, bundle.version)
    .run();
  expect(await codeOf(await activate('7.3.0'))).toEqual([422, 'bundle_unsigned']);
  await signWith(ours, bundle);
  expect((await activate('7.3.0')).status).toBe(200);
});

test('what ships is trusted', async () => {
  expect((await activate(builtIn.version)).status).toBe(200);
  expect((await register(builtIn)).status).toBe(200);
});

test('where the trusted keys are malformed, nothing passes but what ships', async () => {
  const wrong = await startServer({ ADMIN_TOKEN, TRUSTED_KEYS: 'secret' });
  const { name, version, digest } = await uploadVariant(wrong.env, '7.0.0');
  const answer = await wrong.send('/v1/hypernets', { name, version, digest }, { headers });
  const text = await answer.text();
  expect([answer.status, JSON.parse(text).code]).toEqual([500, 'trusted_keys_malformed']);
  expect(text).not.toContain('secret');
  const path = `/v1/hypernets/${name}/active`;
  const shipped = { version: builtIn.version };
  expect((await wrong.send(path, shipped, { method: 'PUT', headers })).status).toBe(200);
  await wrong.close();
});
