/**
 * The bucket HYPERNETS from outside of a Worker: on Cloudflare through wrangler's command line, on
 * this machine through the very state that `npm start` uses.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getPlatformProxy, unstable_readConfig as readConfig } from 'wrangler';
import { T2lError } from '../../src/contract/errors.ts';
import type { Env } from '../../src/env.ts';
import { OFFLINE, ROOT, WRANGLER } from '../environment.ts';
import { runWithUs } from '../signals.ts';

/** Objects by key. */
export interface ReleaseBucket {
  /** The bytes of an object; null where there is none. */
  read(key: string): Promise<Uint8Array | null>;
  /** Stores an object; a bucket that can is told its sha256, checks it and remembers it. */
  write(key: string, bytes: Uint8Array, sha256?: string): Promise<void>;
  close(): Promise<void>;
}

const CONFIG = join(ROOT, 'wrangler.toml');

/** The bucket in the state of local endpoints. */
export async function localBucket(persistTo: string): Promise<ReleaseBucket> {
  Object.assign(process.env, OFFLINE);
  const proxy = await getPlatformProxy<Env & Record<string, unknown>>({
    configPath: CONFIG,
    // wrangler puts a version between the folder it is told and the data.
    persist: { path: join(persistTo, 'v3') },
    remoteBindings: false,
  });
  const bucket = proxy.env.HYPERNETS;
  return {
    async read(key) {
      const object = await bucket.get(key);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
    async write(key, bytes, sha256) {
      const options = sha256 === undefined ? {} : { sha256 };
      try {
        await bucket.put(key, bytes, options);
      } catch {
        // The proxy to workerd may find its connection closed after a pause; a put can be repeated.
        await bucket.put(key, bytes, options);
      }
    },
    close: () => proxy.dispose(),
  };
}

/**
 * The bucket through `wrangler r2 object`.
 *
 * @param target `--remote`, or `--local` with `--persist-to`
 */
export async function commandBucket(target: readonly string[]): Promise<ReleaseBucket> {
  const { r2_buckets: buckets } = readConfig({ config: CONFIG }, { hideWarnings: true });
  const name = buckets.find(isHypernets)?.bucket_name;
  const folder = await mkdtemp(join(tmpdir(), 't2l-release-'));
  const file = join(folder, 'object');

  async function object(verb: 'get' | 'put', key: string): Promise<void> {
    const args = [WRANGLER, 'r2', 'object', verb, `${name}/${key}`, '--file', file, ...target];
    await runWithUs(args, { cwd: ROOT, env: { ...process.env, ...OFFLINE } });
  }

  return {
    async read(key) {
      try {
        await object('get', key);
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        if (/specified key does not exist/i.test(stdout + stderr)) {
          return null;
        }
        throw failure('read', key, stderr || stdout);
      }
      return new Uint8Array(await readFile(file));
    },
    async write(key, bytes) {
      await writeFile(file, bytes);
      try {
        await object('put', key);
      } catch (error) {
        throw failure('written', key, (error as { stderr?: string }).stderr ?? String(error));
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function isHypernets({ binding }: { binding: string }): boolean {
  return binding === 'HYPERNETS';
}

function failure(what: string, key: string, output: string): T2lError {
  return new T2lError(
    'bucket_failed',
    `${key} could not be ${what}; wrangler says: ${output.trim()}`,
  );
}
