/** `t2l token`: the tokens that an endpoint gives out. The admin token is in T2L_TOKEN. */
import { T2lError } from '../../contract/errors.ts';
import { createClient, type T2lClient, type TokenDocument } from '../../sdk/index.ts';
import type { Context, GlobalOptions, TokenOptions } from '../options.ts';
import { columns, pairs } from '../output.ts';
import { endpointOf } from '../service.ts';

/** Makes one and prints it. */
export async function createToken(
  name: string,
  { scope, days, daily }: TokenOptions,
  { options, output, signal }: Context,
): Promise<void> {
  const request = { name, scopes: [...scope], expires_in_days: days, daily_adapters: daily };
  const made = await administer(options, (client) => client.createToken(request, { signal }));
  output.result(made, () => [
    ...pairs([
      ['token', made.token],
      ['id', made.id],
      ['scopes', made.scopes.join(', ')],
      ['expires', made.expires_at ?? 'never'],
    ]),
    '',
    'It is not shown again. It goes into T2L_TOKEN, or HF_TOKEN for clients of the Hub.',
  ]);
}

/** Lists what is known of them. */
export async function listTokens({ options, output, signal }: Context): Promise<void> {
  const all = await administer(options, (client) => client.tokens({ signal }));
  output.result(all, () =>
    columns(all.tokens.map((one) => [one.id, one.name, one.scopes.join(', '), stateOf(one)])),
  );
}

/** Ends one. */
export async function revokeToken(id: string, { options, output, signal }: Context): Promise<void> {
  await administer(options, (client) => client.revokeToken(id, { signal }));
  output.result({ revoked: id }, () => [`revoked  ${id}`]);
}

function stateOf({ revoked_at: revoked, expires_at: expires }: TokenDocument): string {
  if (revoked !== null) {
    return `revoked ${dayOf(revoked)}`;
  }
  return expires === null ? 'does not expire' : `expires ${dayOf(expires)}`;
}

function dayOf(instant: string): string {
  return instant.slice(0, 'yyyy-mm-dd'.length);
}

/** Asks the endpoint; what is missing is said in the words of the command line. */
async function administer<T>(
  options: GlobalOptions,
  work: (client: T2lClient) => Promise<T>,
): Promise<T> {
  const endpoint = endpointOf(options);
  if (endpoint === undefined) {
    throw new T2lError(
      'usage_invalid',
      'Tokens are of an endpoint: name it with --endpoint, or in T2L_ENDPOINT.',
    );
  }
  const token = process.env.T2L_TOKEN;
  try {
    return await work(createClient({ endpoint, ...(token ? { token } : {}) }));
  } catch (error) {
    throw error instanceof T2lError && error.code === 'admin_token_missing'
      ? new T2lError(error.code, "Tokens need the endpoint's admin token, in T2L_TOKEN.")
      : error;
  }
}
