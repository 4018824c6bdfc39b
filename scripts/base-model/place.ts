/** Where the file of a base model is put: a file, the cache of `t2l run`, or an endpoint's bucket. */
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { getPlatformProxy } from 'wrangler';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import type { Env } from '../../src/env.ts';
import { writeWhole } from '../../src/local/whole-file.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { OFFLINE, ROOT } from '../environment.ts';
import { commandBucket, localBucket, type ReleaseBucket } from '../release/bucket.ts';

/** Writes a file, whole or not at all. */
export async function putFile(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(resolve(path)), { recursive: true });
  await writeWhole(path, bytes);
}

/** The bucket of `npm start`, of its state in a folder. */
export function bucketOfState(persistTo: string): Promise<ReleaseBucket> {
  return localBucket(persistTo);
}

/** The bucket on Cloudflare, through wrangler. */
export function bucketOfCloudflare(): Promise<ReleaseBucket> {
  return commandBucket(['--remote']);
}

/** The bucket of `t2l serve` with this data folder. */
export async function bucketOfData(data: string): Promise<Pick<ReleaseBucket, 'write' | 'close'>> {
  Object.assign(process.env, OFFLINE);
  const proxy = await getPlatformProxy<Env & Record<string, unknown>>({
    configPath: join(ROOT, 'wrangler.toml'),
    persist: { path: join(resolve(data), 'endpoint') },
    remoteBindings: false,
  });
  return {
    async write(key, bytes) {
      await proxy.env.HYPERNETS.put(key, bytes);
    },
    close: () => proxy.dispose(),
  };
}

/** Puts the file of a base model into a bucket, and the note of it last, which says that it is there. */
export async function putIntoBucket(
  bucket: Pick<ReleaseBucket, 'write' | 'close'>,
  id: string,
  bytes: Uint8Array,
): Promise<void> {
  const keys = baseModelKeys(id);
  const note = { bytes: bytes.length, sha256: await sha256Hex(bytes) };
  try {
    await bucket.write(keys.file, bytes, note.sha256);
    await bucket.write(keys.note, new TextEncoder().encode(JSON.stringify(note)));
  } finally {
    await bucket.close();
  }
}
