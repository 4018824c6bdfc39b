/**
 * Who asks. A request may carry one bearer token: the endpoint's own secret ADMIN_TOKEN, or one that the
 * administrator gave out. Whatever else is sent as a token, as clients of the Hub send that of another hub,
 * makes nobody of the caller, which is enough wherever anybody may ask.
 */

import { SCOPES, type Scope } from '../contract/scopes.ts';
import type { TokenRow } from '../store/schema.ts';
import type { TokenStore } from '../store/tokens.ts';
import { hashOf, isSecret, sameSecret } from './secret.ts';

/** Why a token is not taken. */
export type Fault = 'missing' | 'unknown' | 'expired' | 'revoked';

/** What a request may do, beside what anybody may. */
export interface Caller {
  readonly scopes: readonly Scope[];
  /** The token, unless it is the endpoint's own secret. */
  readonly token?: TokenRow;
  /** Why there are no scopes. */
  readonly fault?: Fault;
}

/** What tokens are compared with. */
export interface TokenEffects {
  readonly adminToken: string | undefined;
  readonly tokens: TokenStore;
  /** Milliseconds since 1970. */
  now(): number;
}

const BEARER = /^Bearer +(\S+)$/i;

/** Finds out who asks; D1 is asked only for a token of ours. */
export async function callerOf(
  authorization: string | undefined,
  { adminToken, tokens, now }: TokenEffects,
): Promise<Caller> {
  const secret = BEARER.exec(authorization ?? '')?.[1];
  if (secret === undefined) {
    return { scopes: [], fault: 'missing' };
  }
  if (adminToken && (await sameSecret(secret, adminToken))) {
    return { scopes: SCOPES };
  }
  const row = isSecret(secret) ? await tokens.byHash(await hashOf(secret)) : undefined;
  const fault = row === undefined ? 'unknown' : faultOf(row, now());
  return fault === undefined && row !== undefined
    ? { scopes: row.scopes, token: row }
    : { scopes: [], fault: fault ?? 'unknown' };
}

function faultOf({ revokedAt, expiresAt }: TokenRow, now: number): Fault | undefined {
  if (revokedAt !== null) {
    return 'revoked';
  }
  return expiresAt !== null && expiresAt <= now ? 'expired' : undefined;
}
