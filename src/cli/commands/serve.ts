/** `t2l serve`: the endpoint on this machine, until it is interrupted. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { T2lError } from '../../contract/errors.ts';
import { startLocalEndpoint } from '../../local/endpoint.ts';
import type { Context } from '../options.ts';
import { localOptions } from '../service.ts';

/** Where to listen. */
interface ServeOptions {
  readonly host: string;
  readonly port: number;
}

/** Variables of this process that the Worker gets, by their names there. */
const BINDINGS = {
  ADMIN_TOKEN: 'T2L_ADMIN_TOKEN',
  ENCODER_URL: 'ENCODER_URL',
  ENCODER_DIALECT: 'ENCODER_DIALECT',
  ENCODER_TOKEN: 'ENCODER_TOKEN',
  HUB_UPSTREAM: 'HUB_UPSTREAM',
} as const;

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
  const bindings = Object.entries(BINDINGS).flatMap(([name, variable]) => {
    const value = process.env[variable];
    return value ? [[name, value] as const] : [];
  });
  const endpoint = await startLocalEndpoint({
    host,
    port,
    data,
    bindings: Object.fromEntries(bindings),
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
