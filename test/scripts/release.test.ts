/** Releases to a local state, end to end: what is refused, what is uploaded, what answers after. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { commandBucket } from '../../scripts/release/bucket.ts';
import { releaseBundle, rollBack } from '../../scripts/release/release.ts';
import {
  openLocalTarget,
  openRemoteTarget,
  type ReleaseTarget,
} from '../../scripts/release/target.ts';
import { type CopyRoot, createCopyRoot, flipped, miniBundleFolder } from './bundle-copy.ts';

// Endpoints start in seconds, but on a busy machine in a minute.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let copies: CopyRoot;
let state: string;
let target: ReleaseTarget;

beforeAll(async () => {
  copies = await createCopyRoot();
  state = join(copies.path, 'state');
  target = await openLocalTarget(state);
});

afterAll(async () => {
  await target?.close();
  await copies?.remove();
});

/** The target of this file, which a release must not close. */
async function openTarget(): Promise<ReleaseTarget> {
  return { ...target, close: async () => {} };
}

async function activeVersion(): Promise<string | undefined> {
  const hypernet = await target.client.hypernet('t2l-mini');
  return hypernet?.versions.find(({ digest }) => digest === hypernet.active)?.version;
}

test('a broken bundle is refused before anything is touched', async () => {
  const directory = await copies.copy('9.1.0', {
    files: { 'golden.safetensors': (bytes) => bytes.slice(0, -8) },
  });
  const opened = releaseBundle({
    directory,
    openTarget: () => Promise.reject(new Error('the target was opened')),
    log: () => {},
  });
  await expect(opened).rejects.toThrow(/^safetensors_invalid/);
});

test('a release uploads, registers, tries and activates; a rollback undoes it', async () => {
  const before = await activeVersion();
  const directory = await copies.copy('9.2.0');
  const lines: string[] = [];
  const released = await releaseBundle({ directory, openTarget, log: (line) => lines.push(line) });

  expect(released.uploaded).toHaveLength(7);
  expect(released.uploaded.at(-1)).toBe('t2l-mini/9.2.0/manifest.json');
  expect(await activeVersion()).toBe('9.2.0');
  const adapter = await target.client.generate({
    description: 'Reverse the list',
    hypernet: 't2l-mini',
  });
  expect(adapter.hypernet.digest).toBe(released.digest);
  expect(lines.at(-2)).toMatch(/^tried: cosine to the golden weights (1|0\.99)/);

  // wrangler's command line, which a remote release goes through, sees the same objects.
  const bucket = await commandBucket(['--local', '--persist-to', state]);
  expect(await bucket.read('t2l-mini/9.2.0/fit.f16')).toEqual(
    new Uint8Array(await readFile(join(directory, 'fit.f16'))),
  );
  expect(await bucket.read('t2l-mini/9.2.0/none')).toBeNull();
  await bucket.write('encoders/other/tokenizer.json', new TextEncoder().encode('{}'));
  await bucket.close();
  expect(await target.bucket.read('encoders/other/tokenizer.json')).toHaveLength(2);

  await rollBack('t2l-mini', await openTarget());
  expect(await activeVersion()).toBe(before);
});

test('the same version with other bytes is refused, and what is active stays', async () => {
  const before = await activeVersion();
  await rm(join(copies.path, 't2l-mini/9.2.0'), { recursive: true });
  const directory = await copies.copy('9.2.0', {
    manifest: (manifest) => Object.assign(manifest, { evaluation: { changed: true } }),
  });
  const again = releaseBundle({ directory, openTarget, log: () => {} });
  await expect(again).rejects.toThrow(/^hypernet_version_taken/);
  expect(await activeVersion()).toBe(before);
});

test('an encoder in the bucket is never overwritten', async () => {
  const manifest = await readFile(join(await miniBundleFolder(), 'manifest.json'), 'utf8');
  const key = JSON.parse(manifest).encoder.files.tokenizer;
  const original = (await target.bucket.read(key)) as Uint8Array;
  await target.bucket.write(key, flipped(original));
  const release = releaseBundle({
    directory: await copies.copy('9.3.0'),
    openTarget,
    log: () => {},
  });
  await expect(release).rejects.toThrow(/^object_taken/);
  await target.bucket.write(key, original);
  expect(await target.bucket.read('t2l-mini/9.3.0/manifest.json')).toBeNull();
});

test('a remote release needs to know where', async () => {
  await expect(openRemoteTarget({})).rejects.toThrow(/^environment_incomplete: .*T2L_ENDPOINT/);
});
