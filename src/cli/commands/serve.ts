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
  TRUSTED_KEYS: 'TRUSTED_KEYS',
  ENCODER_URL: 'ENCODER_URL',
  ENCODER_DIALECT: 'ENCODER_DIALECT',
  ENCODER_TOKEN: 'ENCODER_TOKEN',
  HUB_UPSTREAM: 'HUB_UPSTREAM',
  MODERATION: 'MODERATION',
  MODERATION_URL: 'MODERATION_URL',
  MODERATION_DIALECT: 'MODERATION_DIALECT',
  MODERATION_TOKEN: 'MODERATION_TOKEN',
  MODERATION_MODEL: 'MODERATION_MODEL',
  UNFIT: 'T2L_UNFIT',
  ACCESS: 'T2L_ACCESS',
  LISTS: 'T2L_LISTS',
  LIMITS: 'T2L_LIMITS',
  DAILY_ADDRESS: 'T2L_DAILY_ADDRESS',
  DAILY_ANONYMOUS: 'T2L_DAILY_ANONYMOUS',
  DAILY_TOKEN: 'T2L_DAILY_TOKEN',
} as const;

/** What holds where only this machine reaches the endpoint, unless the variables say otherwise. */
const ALONE = { LISTS: 'public', LIMITS: 'off' };
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
  const bindings = Object.entries(BINDINGS).flatMap(([name, variable]) => {
    const value = process.env[variable];
    return value ? [[name, value] as const] : [];
  });
  const endpoint = await startLocalEndpoint({
    host,
    port,
    data,
    bindings: { ...(LOOPBACK.has(host) && ALONE), ...Object.fromEntries(bindings) },
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
