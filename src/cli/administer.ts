/** Asking an endpoint for what only its administrators may: what is missing is said in the words of the command line. */
import { T2lError } from '../contract/errors.ts';
import { createClient, type T2lClient } from '../sdk/index.ts';
import type { GlobalOptions } from './options.ts';
import { endpointOf } from './service.ts';

/**
 * Asks the endpoint, with the token in T2L_TOKEN.
 *
 * @param what it is asked about, as a word in the plural
 * @throws T2lError `usage_invalid` without an endpoint, `admin_token_missing` without a token
 */
export async function administer<T>(
  what: string,
  options: GlobalOptions,
  work: (client: T2lClient) => Promise<T>,
): Promise<T> {
  const endpoint = endpointOf(options);
  if (endpoint === undefined) {
    throw new T2lError(
      'usage_invalid',
      `${what} are of an endpoint: name it with --endpoint, or in T2L_ENDPOINT.`,
    );
  }
  const token = process.env.T2L_TOKEN;
  try {
    return await work(createClient({ endpoint, ...(token ? { token } : {}) }));
  } catch (error) {
    throw error instanceof T2lError && error.code === 'admin_token_missing'
      ? new T2lError(error.code, `${what} need the endpoint's admin token, in T2L_TOKEN.`)
      : error;
  }
}
