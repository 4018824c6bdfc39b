/** `t2l token`: the tokens that an endpoint gives out. The admin token is in T2L_TOKEN. */
import type { TokenDocument } from '../../sdk/index.ts';
import { administer } from '../administer.ts';
import type { Context, TokenOptions } from '../options.ts';
import { columns, pairs } from '../output.ts';

/** Makes one and prints it. */
export async function createToken(
  name: string,
  { scope, days, daily }: TokenOptions,
  { options, output, signal }: Context,
): Promise<void> {
  const request = { name, scopes: [...scope], expires_in_days: days, daily_adapters: daily };
  const made = await administer('Tokens', options, (client) =>
    client.createToken(request, { signal }),
  );
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
  const all = await administer('Tokens', options, (client) => client.tokens({ signal }));
  output.result(all, () =>
    columns(all.tokens.map((one) => [one.id, one.name, one.scopes.join(', '), stateOf(one)])),
  );
}

/** Ends one. */
export async function revokeToken(id: string, { options, output, signal }: Context): Promise<void> {
  await administer('Tokens', options, (client) => client.revokeToken(id, { signal }));
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
