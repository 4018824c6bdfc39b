/**
 * The whole life of a version, at an endpoint that takes signed bundles only: released as a canary, promoted,
 * followed by another, gone back to, yanked. Somebody reads adapters of all versions the whole time, and gets
 * the same bytes; bundles that are not what they seem change nothing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { promote } from '../../scripts/release/canary.ts';
import { releaseBundle } from '../../scripts/release/release.ts';
import { rollBack } from '../../scripts/release/roll-back.ts';
import type { ReleaseTarget } from '../../scripts/release/target.ts';
import { yank } from '../../scripts/release/yank.ts';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { newPrivateKey, readPrivateKey, type SigningKey } from '../../src/bundle/sign.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { type CopyRoot, createCopyRoot, flipped } from './bundle-copy.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const NAME = 't2l-mini';

let copies: CopyRoot;
let server: TestServer;
let key: SigningKey;
let client: T2lClient;
let readers: Readers;

beforeAll(async () => {
  copies = await createCopyRoot();
  key = await readPrivateKey(await newPrivateKey());
  server = await startServer({ ADMIN_TOKEN, TRUSTED_KEYS: key.publicKey });
  client = createClient({ endpoint: server.origin, token: ADMIN_TOKEN });
  readers = startReaders(server.origin);
  await makeSome('before anything was released');
});

afterAll(async () => {
  await readers?.stop();
  await server?.close();
  await copies?.remove();
});

/** Reading of adapters without pause. */
interface Readers {
  /** An adapter that is read from now on, and the sha256 that its weights have. */
  add(id: string, sha256: string): void;
  /** How often each was read so far. */
  counts(): ReadonlyMap<string, number>;
  /** What was read that was not what it had to be. */
  readonly wrong: readonly string[];
  stop(): Promise<void>;
}

/** Reads one adapter after the other, whole and anew, until it is stopped. */
function startReaders(origin: string): Readers {
  const known = new Map<string, string>();
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  let stopped = false;
  async function readAll(): Promise<void> {
    while (!stopped) {
      for (const [id, sha256] of known) {
        const answer = await fetch(`${origin}/v1/adapters/${id}/${WEIGHTS_FILE}`);
        const found = await sha256Hex(new Uint8Array(await answer.arrayBuffer()));
        if (answer.status !== 200 || found !== sha256) {
          wrong.push(`${id}: ${answer.status} ${found}`);
        }
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const done = readAll();
  return {
    add: (id, sha256) => known.set(id, sha256),
    counts: () => new Map(counts),
    wrong,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Makes adapters with what answers to the name, for the readers; gives the versions that made them. */
async function makeSome(when: string, count = 3): Promise<string[]> {
  const versions: string[] = [];
  for (let at = 0; at < count; at++) {
    const description = `Keep word number ${at}, ${when}.`;
    const { id, files, hypernet } = await client.generate({ description, hypernet: NAME });
    readers.add(id, files[WEIGHTS_FILE]?.sha256 ?? '');
    versions.push(hypernet.version);
  }
  return versions;
}

async function openTarget(): Promise<ReleaseTarget> {
  const { HYPERNETS } = server.env;
  return {
    client,
    bucket: {
      async read(path) {
        const object = await HYPERNETS.get(path);
        return object === null ? null : new Uint8Array(await object.arrayBuffer());
      },
      async write(path, bytes) {
        await HYPERNETS.put(path, bytes);
      },
      close: async () => {},
    },
    close: async () => {},
  };
}

async function state() {
  const { active, canary, versions } = await client.hypernet(NAME);
  return {
    active: versions.find(({ digest }) => digest === active)?.version,
    canary: versions.find(({ digest }) => digest === canary?.digest)?.version,
    versions: versions.map(({ version }) => version),
  };
}

test('released, a canary, promoted, followed, gone back to, yanked; and all adapters stay', async () => {
  const { active: first } = await state();
  const log = () => {};
  const nine = await copies.copy('9.0.0');
  await releaseBundle({ directory: nine, openTarget, log, key, canary: 60 });
  expect(await state()).toMatchObject({ active: first, canary: '9.0.0' });

  const plain = { name: NAME, reason: undefined, force: false };
  await expect(promote(plain, await openTarget())).rejects.toThrow(/^canary_unproven/);
  const made = await makeSome('while a canary runs', 48);
  expect(new Set(made)).toEqual(new Set([first, '9.0.0']));
  await vi.waitFor(async () => expect(await promote(plain, await openTarget())).toBe('9.0.0'));
  expect(await state()).toMatchObject({ active: '9.0.0', canary: undefined });
  expect(new Set(await makeSome('after the canary'))).toEqual(new Set(['9.0.0']));

  const ten = await copies.copy('10.0.0');
  await releaseBundle({ directory: ten, openTarget, log, key });
  expect(new Set(await makeSome('with the tenth'))).toEqual(new Set(['10.0.0']));
  const commandFrom = (version: string) => version;
  const back = { name: NAME, from: '10.0.0', reason: 'It was worse.', commandFrom };
  expect(await rollBack(back, await openTarget())).toBe('9.0.0');
  await expect(rollBack(back, await openTarget())).rejects.toThrow(/^hypernet_not_expected/);
  await yank({ name: NAME, version: '10.0.0', reason: 'It was worse.' }, await openTarget());
  expect(new Set(await makeSome('after it was yanked'))).toEqual(new Set(['9.0.0']));
  await expect(
    client.generate({ description: 'Keep the last word.', hypernet: `${NAME}@10.0.0` }),
  ).rejects.toMatchObject({ code: 'hypernet_yanked' });

  // What every version made is read on, evicted or not: also what the yanked one made.
  const { objects } = await server.env.ADAPTERS.list({ prefix: 'adapters/' });
  await server.env.ADAPTERS.delete(objects.map(({ key: path }) => path));
  const before = readers.counts();
  await vi.waitFor(
    () => {
      const after = readers.counts();
      const unread = [...after].filter(([id, count]) => count < (before.get(id) ?? 0) + 2);
      expect([after.size, unread]).toEqual([3 + 48 + 3 + 3 + 3, []]);
    },
    { timeout: 120_000, interval: 500 },
  );
  expect(readers.wrong).toEqual([]);
});

test('what is tampered with, unsigned, signed by others or worse changes nothing', async () => {
  const before = await state();
  const log = () => {};
  const tampered = await copies.copy('11.0.0');
  const graph = join(tampered, 'hypernet.int8.onnx');
  await writeFile(graph, flipped(new Uint8Array(await readFile(graph))));
  const unsigned = await copies.copy('11.1.0');
  const foreign = await copies.copy('11.2.0');
  const resigned = await copies.copy('11.3.0');
  const signed = await key.sign(await readFile(join(unsigned, 'manifest.json')));
  await writeFile(join(resigned, 'manifest.sig'), signed);
  const worse = await copies.copy('11.4.0', {
    manifest: ({ evaluation }) => {
      evaluation.report.conditions.matched.exact_match = 0.5;
    },
  });
  const other = await readPrivateKey(await newPrivateKey());
  for (const [directory, by, code] of [
    [tampered, key, 'bundle_digest_mismatch'],
    [unsigned, undefined, 'bundle_unsigned'],
    [foreign, other, 'bundle_key_untrusted'],
    [resigned, undefined, 'bundle_signature_invalid'],
    [worse, key, 'figures_regressed'],
  ] as const) {
    const release = releaseBundle({ directory, openTarget, log, key: by });
    await expect(release).rejects.toMatchObject({ code });
    expect(await state()).toEqual(before);
  }
  expect(readers.wrong).toEqual([]);
});
