/**
 * The GGUF file of a base model that an endpoint has (`npm run base-model` puts one there), for commands that
 * ask this endpoint: fetched once, and kept only if it has the size and the sha256 that the endpoint says.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { baseModelSchema } from '../contract/documents/base-model.ts';
import { T2lError } from '../contract/errors.ts';
import { documentOf } from '../sdk/answer.ts';
import type { ClientOptions } from '../sdk/index.ts';
import { send } from '../sdk/send.ts';
import { createTransport, parseEndpoint } from '../sdk/transport.ts';
import { isBaseModelId } from '../store/base-models.ts';
import { cacheFolder, type Fetched } from './gguf-source.ts';

/** An endpoint to ask. */
export type EndpointAddress = Pick<ClientOptions, 'endpoint' | 'token'>;

/** A file that an endpoint has. */
export interface OfferedGguf {
  readonly from: EndpointAddress;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What an endpoint has of a base model; undefined if that is nothing. */
export async function offeredGguf(
  id: string,
  from: EndpointAddress,
  signal?: AbortSignal,
): Promise<OfferedGguf | undefined> {
  if (!isBaseModelId(id)) {
    return undefined;
  }
  const path = `/v1/base-models/${id}`;
  try {
    const answer = await createTransport(from)({ method: 'GET', path, repeatable: true, signal });
    const { file } = documentOf(baseModelSchema, answer, `GET ${path}`);
    const url = `${parseEndpoint(from.endpoint)}${path}/${file.name}`;
    return { from, url, bytes: file.bytes, sha256: file.sha256 };
  } catch (error) {
    // There is none, or the endpoint is of a version that has none of any.
    if (error instanceof T2lError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Fetches the file.
 *
 * @param path where it will lie, whole or not at all
 * @param tell is told how much has come
 * @throws T2lError `base_model_unreachable` if it does not come, `download_corrupt` if it is another one
 */
export async function downloadGguf(
  offer: OfferedGguf,
  path: string,
  tell: Fetched = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'fetching-'));
  try {
    const fresh = join(folder, 'model.gguf');
    const file = await open(fresh, 'wx');
    try {
      await receive(offer, (chunk) => file.writeFile(chunk), tell, signal);
      await file.sync();
    } finally {
      await file.close();
    }
    await mkdir(dirname(path), { recursive: true });
    await rename(fresh, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function receive(
  { from, url, bytes, sha256 }: OfferedGguf,
  write: (chunk: Uint8Array) => Promise<void>,
  tell: Fetched,
  signal: AbortSignal | undefined,
): Promise<void> {
  const body = await reachable(url, signal, async () => {
    const { origin } = new URL(url);
    const destination = { fetch: (to: string, init: RequestInit) => fetch(to, init), origin };
    const init = { headers: { 'accept-encoding': 'identity' }, ...(signal && { signal }) };
    const response = await send({ ...destination, token: from.token }, 'GET', url, init);
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    return response.body.getReader();
  });
  const hash = createHash('sha256');
  let loaded = 0;
  // No more than was announced, whatever is sent.
  while (loaded <= bytes) {
    const { done, value } = await reachable(url, signal, () => body.read());
    if (done) {
      break;
    }
    loaded += value.length;
    hash.update(value);
    await write(value);
    tell(Math.min(loaded, bytes), bytes);
  }
  await body.cancel();
  const found = hash.digest('hex');
  if (loaded !== bytes || found !== sha256) {
    const what = loaded > bytes ? `more than ${bytes} bytes` : `${loaded} bytes of sha256 ${found}`;
    throw new T2lError(
      'download_corrupt',
      `${url} sends ${what}, and not the ${bytes} bytes of sha256 ${sha256} that the endpoint says; ` +
        'nothing was kept.',
    );
  }
}

/** Does a step of a download; that it cannot be done is said of the address. */
async function reachable<T>(
  url: string,
  signal: AbortSignal | undefined,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    signal?.throwIfAborted();
    throw new T2lError(
      'base_model_unreachable',
      `The base model cannot be fetched from ${url} (${error instanceof Error ? error.message : error}); ` +
        'try again, or name its file with --gguf FILE if you have it.',
      { cause: error },
    );
  }
}
