/**
 * The administrative calls carry `Authorization: Bearer <ADMIN_TOKEN>`. Both tokens are hashed before
 * they are compared, and the comparison looks at every byte, so its duration tells nothing.
 */
import type { MiddlewareHandler } from 'hono';
import { T2lError } from '../contract/errors.ts';
import type { AppEnv } from './route.ts';

/** Lets a request pass only with the admin token. */
export const requireAdmin: MiddlewareHandler<AppEnv> = async (c, next) => {
  const expected = c.env.ADMIN_TOKEN;
  if (expected === undefined || expected === '') {
    throw new T2lError(
      'admin_disabled',
      'Administrative calls work only where the secret ADMIN_TOKEN is set.',
    );
  }
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) {
    throw new T2lError(
      'admin_token_missing',
      'Send the header "Authorization: Bearer <admin token>".',
      { extra: { headers: { 'www-authenticate': 'Bearer realm="t2l-edge"' } } },
    );
  }
  if (!(await sameSecret(token, expected))) {
    throw new T2lError('admin_token_wrong', 'The bearer token must be the admin token.');
  }
  await next();
};

async function sameSecret(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256(left), sha256(right)]);
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  }
  return difference === 0;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
