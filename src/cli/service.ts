/**
 * Who makes and keeps the adapters: an endpoint, through the SDK, or this machine, through the same
 * pipeline. Commands know only this interface, so what they do is the same either way.
 */
import { resolve } from 'node:path';
import { T2lError } from '../contract/errors.ts';
import type { LocalClient } from '../local/client.ts';
import { defaultDataFolder } from '../local/places.ts';
import type { GlobalOptions } from './options.ts';
import { tell } from './output.ts';

/** The calls that commands make: those that can be asked of this machine as well. */
export type Service = LocalClient;

/** The service that the options or the environment name. */
export async function openService(options: GlobalOptions): Promise<Service> {
  const endpoint = endpointOf(options);
  if (endpoint !== undefined) {
    const { createClient } = await import('../sdk/index.ts');
    const token = process.env.T2L_TOKEN;
    return createClient({ endpoint, ...(token ? { token } : {}) });
  }
  const { createLocalClient } = await import('../local/client.ts');
  // One row that cannot be read must not hide the others.
  return createLocalClient(localOptions(options), (error) => tell(error, options.json === true));
}

/** What local operation works with. */
export function localOptions({ data, hypernets }: GlobalOptions) {
  const { ENCODER_URL, ENCODER_DIALECT, ENCODER_TOKEN } = process.env;
  return {
    // Absolute: Node would look for ever for a relative folder's parent if this one is removed.
    data: resolve(data ?? defaultDataFolder()),
    hypernets,
    encoder: ENCODER_URL
      ? {
          url: ENCODER_URL,
          // Checked where it is used, as an endpoint's is.
          dialect: (ENCODER_DIALECT || undefined) as 'openai' | 'tei' | undefined,
          token: ENCODER_TOKEN,
        }
      : undefined,
  };
}

/** The endpoint to ask; undefined: there is none, this machine does the work. */
export function endpointOf(options: GlobalOptions): string | undefined {
  const endpoint = options.endpoint ?? process.env.T2L_ENDPOINT;
  if (!endpoint) {
    return undefined;
  }
  const local = (['data', 'hypernets'] as const).filter((name) => options[name] !== undefined);
  if (local.length > 0) {
    throw new T2lError(
      'usage_invalid',
      `--${local.join(' and --')} is for local operation; leave it or the endpoint out.`,
    );
  }
  return endpoint;
}
