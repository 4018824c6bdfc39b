/**
 * The administrative calls carry `Authorization: Bearer <ADMIN_TOKEN>`, or a token with the scope admin.
 * Without the secret they are off, whatever tokens were given out.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { T2lError } from '../contract/errors.ts';
import { allows } from '../contract/scopes.ts';
import type { AppEnv } from './route.ts';

/** Lets a request pass only with the admin token. */
export const requireAdmin: MiddlewareHandler<AppEnv> = async (c, next) => {
  await checkAdmin(c);
  await next();
};

/**
 * Requires the admin token, where only a part of a route's requests does.
 *
 * @throws T2lError `admin_disabled`, `admin_token_missing` or `admin_token_wrong`
 */
export async function checkAdmin(c: Context<AppEnv>): Promise<void> {
  if (!c.env.ADMIN_TOKEN) {
    throw new T2lError(
      'admin_disabled',
      'Administrative calls work only where the secret ADMIN_TOKEN is set.',
    );
  }
  const { scopes, fault } = await c.get('services').caller();
  if (fault === 'missing') {
    throw new T2lError(
      'admin_token_missing',
      'Send the header "Authorization: Bearer <admin token>".',
      { extra: { headers: { 'www-authenticate': 'Bearer realm="t2l-edge"' } } },
    );
  }
  if (!allows(scopes, 'admin')) {
    throw new T2lError('admin_token_wrong', 'The bearer token must be the admin token.');
  }
}
