/** `t2l serve`: the endpoint on this machine, until it is interrupted. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { T2lError } from '../../contract/errors.ts';
import { startLocalEndpoint } from '../../local/endpoint.ts';
import { ALONE, bindingsIn } from '../bindings.ts';
import type { Context } from '../options.ts';
import { localOptions } from '../service.ts';

/** Where to listen. */
interface ServeOptions {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Serves; an interruption is its proper end. */
export async function serve(
  { host, port }: ServeOptions,
  { options, output, signal }: Context,
): Promise<void> {
  if (port > 65_535) {
    throw new T2lError('usage_invalid', `There is no port ${port}; the last is 65535.`);
  }
  if (options.endpoint !== undefined) {
    throw new T2lError('usage_invalid', '--endpoint is not for serve, which is an endpoint.');
  }
  const data = join(resolve(localOptions(options).data), 'endpoint');
  await mkdir(data, { recursive: true });
  const endpoint = await startLocalEndpoint({
    host,
    port,
    data,
    bindings: { ...(LOOPBACK.has(host) && ALONE), ...bindingsIn(process.env) },
  });
  try {
    output.result({ endpoint: endpoint.origin, data }, () => [
      `serving at ${endpoint.origin}; adapters are kept in ${data}`,
    ]);
    if (!signal.aborted) {
      await once(signal, 'abort');
    }
  } finally {
    await endpoint.close();
  }
}
