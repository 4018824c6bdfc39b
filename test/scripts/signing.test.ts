/** A release to an endpoint that takes signed bundles only, with a key as `t2l keys new` makes it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { releaseBundle } from '../../scripts/release/release.ts';
import { signatureOf, signingKey } from '../../scripts/release/signing.ts';
import type { ReleaseTarget } from '../../scripts/release/target.ts';
import { createClient } from '../../src/sdk/index.ts';
import { t2l } from '../cli/command.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { type CopyRoot, createCopyRoot } from './bundle-copy.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let copies: CopyRoot;
let server: TestServer;
let file: string;

beforeAll(async () => {
  copies = await createCopyRoot();
  file = join(copies.path, 'release.pem');
  const { stdout } = await t2l(['keys', 'new', file, '--json']);
  const { public_key: trusted } = JSON.parse(stdout);
  server = await startServer({ ADMIN_TOKEN, TRUSTED_KEYS: trusted });
});

afterAll(async () => {
  await server?.close();
  await copies?.remove();
});

/** The endpoint of this file and its bucket. */
async function openTarget(): Promise<ReleaseTarget> {
  const { HYPERNETS } = server.env;
  return {
    client: createClient({ endpoint: server.origin, token: ADMIN_TOKEN }),
    bucket: {
      async read(key) {
        const object = await HYPERNETS.get(key);
        return object === null ? null : new Uint8Array(await object.arrayBuffer());
      },
      async write(key, bytes) {
        await HYPERNETS.put(key, bytes);
      },
      close: async () => {},
    },
    close: async () => {},
  };
}

test('a release without the key is refused, with it the same bundle is active', async () => {
  const directory = await copies.copy('9.6.0');
  const options = { directory, openTarget, log: () => {} };
  await expect(releaseBundle(options)).rejects.toThrow(/^bundle_unsigned: t2l-mini@9\.6\.0 /);
  const key = await signingKey(file, {});
  const { uploaded, digest } = await releaseBundle({ ...options, key });
  expect(uploaded).toEqual(['t2l-mini/9.6.0/manifest.sig']);
  const { client } = await openTarget();
  expect((await client.hypernet('t2l-mini')).active).toBe(digest);
  // What the key signed before need not be uploaded again.
  expect((await releaseBundle({ ...options, key })).uploaded).toEqual([]);
});

test('the key may be in the environment, and a signature in the folder', async () => {
  const folder = await readBundleFolder(await copies.copy('9.7.0'));
  const pem = await readFile(file, 'utf8');
  const key = await signingKey(undefined, { T2L_SIGNING_KEY: pem });
  expect(key).toMatchObject({ id: (await signingKey(file, {}))?.id });
  expect(await signingKey(undefined, {})).toBeUndefined();
  expect(await signatureOf(folder, undefined)).toBeNull();
  const signature = (await signatureOf(folder, key)) ?? new Uint8Array();
  await writeFile(join(folder.directory, 'manifest.sig'), signature);
  expect(await signatureOf(folder, undefined)).toEqual(signature);
});

test('a key that cannot be read is said', async () => {
  const none = signingKey(join(copies.path, 'none.pem'), {});
  await expect(none).rejects.toThrow(/^The key at .*none\.pem cannot be read \(ENOENT/);
  const wrong = signingKey(undefined, { T2L_SIGNING_KEY: 'a password' });
  await expect(wrong).rejects.toMatchObject({ code: 'signing_key_invalid' });
});
