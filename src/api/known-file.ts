/**
 * A stored file without its row: the address of a whole id says where the object lies, and this isolate, the
 * copy of the object in this data center or the object itself says what it is.
 *
 *   of this isolate's memory   sha256 and size; for HEAD and If-None-Match nobody is asked
 *   of the copy, then of R2    also the bytes, hashed here or when the copy was put
 *
 * Where none of them knows the file, or the bytes are gone or damaged, the row is asked what to do.
 */
import type { Context } from 'hono';
import { CONFIG_FILE, WEIGHTS_FILE } from '../adapter/peft.ts';
import { isHex64 } from '../contract/hex.ts';
import { canonicalId } from '../contract/requests/names.ts';
import { openStored, readStored } from '../pipeline/stored-files.ts';
import type { StoredFile } from '../store/schema.ts';
import { etagOf, noneMatchNames, parseRange } from './range.ts';
import type { AppEnv } from './route.ts';
import type { FileContent } from './send-file.ts';
import type { Services } from './services.ts';

const STORED = new Set([WEIGHTS_FILE, CONFIG_FILE]);

/** A stored file as it is sent. */
export type KnownFile = StoredFile & FileContent & { readonly id: string };

/**
 * The file, if it is known without its row and its bytes, should they be wanted, can be had.
 *
 * @param given the id as the address has it
 * @param mustBeThere whether the bytes must be there although only the head is asked for
 * @throws T2lError `range_malformed` or `range_unsatisfiable`
 */
export async function knownFile(
  c: Context<AppEnv>,
  given: string,
  name: string,
  mustBeThere = false,
): Promise<KnownFile | undefined> {
  const id = canonicalId(given);
  if (!isHex64(id) || !STORED.has(name) || c.req.header('if-match') !== undefined) {
    return undefined;
  }
  const services = c.get('services');
  const [noneMatch, range] = [c.req.header('if-none-match'), c.req.header('range')];
  const head = c.req.method === 'HEAD';
  if (!head && noneMatch === undefined && range === undefined) {
    return wholeFile(id, name, services);
  }
  const file = await describe(id, name, services, head || noneMatch !== undefined, mustBeThere);
  const etag = file && etagOf(file.sha256);
  if (file === undefined || etag === undefined) {
    return undefined;
  }
  if (head || noneMatchNames(noneMatch, etag)) {
    return { ...file, id, read: () => Promise.reject(new Error('nobody reads a head')) };
  }
  const part = parseRange(range, c.req.header('if-range'), etag, file.bytes);
  const body = await readStored({ id }, file, part, services);
  if (typeof body === 'string') {
    return forgotten(id, services);
  }
  services.recorded.note({ id, files: [file] });
  return { ...file, id, read: async () => body };
}

async function wholeFile(
  id: string,
  name: string,
  services: Services,
): Promise<KnownFile | undefined> {
  const opened = await openStored(id, name, services);
  const before = services.recorded.of(id)?.find((one) => one.name === name);
  if (opened === undefined || (before && before.sha256 !== opened.file.sha256)) {
    await cancel(opened?.body);
    return forgotten(id, services);
  }
  services.recorded.note({ id, files: [opened.file] });
  return { ...opened.file, id, read: async () => opened.body };
}

/** @param headOnly whether no bytes will be read which would tell that the adapter is there */
async function describe(
  id: string,
  name: string,
  { recorded, cache, blobs }: Services,
  headOnly: boolean,
  mustBeThere: boolean,
): Promise<StoredFile | undefined> {
  const remembered = headOnly ? recorded.seen(id) : recorded.of(id);
  const known = mustBeThere ? undefined : remembered?.find((one) => one.name === name);
  if (known !== undefined) {
    return known;
  }
  const file = (await cache.describe(id, name)) ?? (await blobs.describe(id, name));
  if (file !== undefined) {
    recorded.note({ id, files: [file] });
  }
  return file;
}

/** What was remembered of the id was of a file that is gone. */
function forgotten(id: string, { recorded }: Services): undefined {
  if (recorded.of(id) !== undefined) {
    recorded.forget(id);
  }
}

async function cancel(body: ReadableStream | Uint8Array | undefined): Promise<void> {
  if (body instanceof ReadableStream) {
    await body.cancel();
  }
}
