/** Releases to a local state, end to end: what is refused, what is uploaded, what answers after. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { commandBucket } from '../../scripts/release/bucket.ts';
import { abortCanary, promote } from '../../scripts/release/canary.ts';
import { releaseBundle } from '../../scripts/release/release.ts';
import { rollBack } from '../../scripts/release/roll-back.ts';
import {
  openLocalTarget,
  openRemoteTarget,
  type ReleaseTarget,
} from '../../scripts/release/target.ts';
import { yank } from '../../scripts/release/yank.ts';
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

async function goBack(from: string | undefined): Promise<string> {
  const commandFrom = (version: string) =>
    `npm run release -- --rollback t2l-mini --from ${version}`;
  const rollback = { name: 't2l-mini', from, reason: undefined, commandFrom };
  return rollBack(rollback, await openTarget());
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

  expect(lines.at(-1)).toMatch(/^active; before it was [0-9a-f]{64}$/);
  expect(lines).toContainEqual(
    expect.stringMatching(/^figures: as good as .*report matched 0\.720/),
  );

  expect(await goBack('9.2.0')).toBe(before);
  expect(await activeVersion()).toBe(before);
  // Once more would bring back what was to be left.
  await expect(goBack('9.2.0')).rejects.toThrow(
    new RegExp(`^hypernet_not_expected: t2l-mini has ${before} active`),
  );
  await expect(goBack('1.2.3')).rejects.toThrow(
    /^hypernet_unknown: t2l-mini has no version 1\.2\.3/,
  );
  expect(await activeVersion()).toBe(before);
});

test('a rollback from nothing in particular says what to type', async () => {
  const active = await activeVersion();
  await expect(goBack(undefined)).rejects.toThrow(
    `A rollback says what it goes back from. ${active} is active: npm run release -- --rollback t2l-mini --from ${active}`,
  );
  expect(await activeVersion()).toBe(active);
});

test('a bundle that was measured worse is refused, unless that is forced with a reason', async () => {
  const before = await activeVersion();
  const directory = await copies.copy('9.4.0', {
    manifest: ({ evaluation }) => {
      evaluation.report.conditions.matched.exact_match = 0.001;
    },
  });
  const release = releaseBundle({ directory, openTarget, log: () => {} });
  await expect(release).rejects.toThrow(
    /^figures_regressed: 9\.4\.0 .*report matched 0\.720 -> 0\.001/,
  );
  expect(await activeVersion()).toBe(before);
  expect(await target.bucket.read('t2l-mini/9.4.0/manifest.json')).toBeNull();

  const reason = 'The split was wrong before.';
  await releaseBundle({ directory, openTarget, log: () => {}, force: true, reason });
  expect(await activeVersion()).toBe('9.4.0');
  expect((await target.client.hypernet('t2l-mini')).activations[0]).toMatchObject({ reason });
  await goBack('9.4.0');
});

test('a bundle that answers worse than it says is refused before anything is uploaded', async () => {
  const directory = await copies.copy('9.6.0', {
    manifest: ({ evaluation }) => {
      evaluation.report.conditions.matched.exact_match = 0.95;
    },
  });
  const release = releaseBundle({ directory, openTarget, log: () => {} });
  await expect(release).rejects.toThrow(
    /^figures_unproven: 9\.6\.0 .* 0\.7\d\d of 428 questions right, the manifest says 0\.950/,
  );
  expect(await target.bucket.read('t2l-mini/9.6.0/manifest.json')).toBeNull();
});

test('a bundle of a base model that could be asked, and cannot, is refused', async () => {
  const directory = await copies.copy('9.7.0', {
    manifest: (manifest) => {
      Object.assign(manifest.target.base_model, { revision: 'v1' });
    },
  });
  const release = releaseBundle({ directory, openTarget, log: () => {} });
  await expect(release).rejects.toThrow(/^figures_unproven: 9\.7\.0 cannot be asked questions/);
});

test('a release does not pass another one that ended meanwhile', async () => {
  const before = await activeVersion();
  const directory = await copies.copy('9.5.0');
  const late: ReleaseTarget = {
    ...target,
    client: {
      ...target.client,
      async register(bundle) {
        const registered = await target.client.register(bundle);
        await target.client.activate('t2l-mini', { version: '9.2.0' });
        return registered;
      },
    },
    close: async () => {},
  };
  const release = releaseBundle({ directory, openTarget: async () => late, log: () => {} });
  await expect(release).rejects.toThrow(/^hypernet_not_expected: t2l-mini has 9\.2\.0 active/);
  expect(await activeVersion()).toBe('9.2.0');
  expect(await goBack('9.2.0')).toBe(before);
});

test('a canary is released, promoted or aborted', async () => {
  const before = await activeVersion();
  const directory = await copies.copy('9.8.0');
  const lines: string[] = [];
  const options = { directory, openTarget, log: (line: string) => lines.push(line), canary: 10 };
  const { digest } = await releaseBundle(options);
  expect(lines.at(-1)).toMatch(/^answers for 10 % of the descriptions; active is [0-9a-f]{64}$/);
  expect((await target.client.hypernet('t2l-mini')).canary).toMatchObject({ digest, percent: 10 });
  expect(await activeVersion()).toBe(before);

  await abortCanary('t2l-mini', await openTarget());
  expect((await target.client.hypernet('t2l-mini')).canary).toBeNull();
  const plain = { name: 't2l-mini', reason: undefined, force: false };
  const none = promote(plain, await openTarget());
  await expect(none).rejects.toThrow(/^canary_missing: t2l-mini has no canary/);
  await target.client.startCanary('t2l-mini', { digest, percent: 50 });
  await expect(promote(plain, await openTarget())).rejects.toThrow(
    /^canary_unproven: .*it made 0 adapters and failed at 0/,
  );
  const reason = 'A day without complaints.';
  const forced = { ...plain, reason, force: true };
  expect(await promote(forced, await openTarget())).toBe('9.8.0');
  expect(await activeVersion()).toBe('9.8.0');
  await goBack('9.8.0');
});

test('a yanked version makes nothing and is not released again', async () => {
  const reason = 'It answers in French.';
  await yank({ name: 't2l-mini', version: '9.5.0', reason }, await openTarget());
  const again = releaseBundle({
    directory: join(copies.path, 't2l-mini/9.5.0'),
    openTarget,
    log: () => {},
  });
  await expect(again).rejects.toThrow(/^hypernet_yanked: t2l-mini@9\.5\.0 .*It answers in French/);
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
