/**
 * Who may do what. The operator chooses by two variables, and a token does what its scopes say:
 *
 *   ACCESS   public        anybody reads and has adapters made; the default
 *            read-public   anybody reads, making takes a token
 *            private       everything but health, the page and the description of the API takes a token;
 *                          what ships with the Worker (wrangler.toml, [assets]) does not reach this rule
 *   LISTS    token         lists and searches take a token that may read; the default
 *            public        they take none where reading takes none
 *
 * Lists are apart because an id cannot be guessed: whoever reads by id knows the description or was given
 * the id, while a list shows what everybody else asked for. One rule for all paths, so that no route can be
 * forgotten; only administrative routes ask by themselves (admin.ts).
 */
import type { Context, MiddlewareHandler } from 'hono';
import { T2lError } from '../contract/errors.ts';
import { allows, type Scope } from '../contract/scopes.ts';
import type { Env } from '../env.ts';
import type { Fault } from './caller.ts';
import { type Call, callOf, SEARCHED_BY } from './calls.ts';
import { hubError } from './hub/errors.ts';
import { routedPath } from './path.ts';
import type { AppEnv } from './route.ts';

/** The scope that a call takes; undefined if anybody may. */
export function scopeFor(call: Call, { ACCESS, LISTS: lists }: Env): Scope | undefined {
  const access = accessOf(ACCESS);
  switch (call) {
    case 'open':
      return undefined;
    case 'generate':
      return access === 'public' ? undefined : 'generate';
    case 'list':
      return access !== 'private' && lists === 'public' ? undefined : 'read';
    case 'read':
      return access === 'private' ? 'read' : undefined;
  }
}

/** What is configured. A word that is not known opens nothing. */
function accessOf(configured: string | undefined): NonNullable<Env['ACCESS']> {
  return configured === undefined || configured === ''
    ? 'public'
    : configured === 'public' || configured === 'read-public'
      ? configured
      : 'private';
}

/** Lets a request pass if it may; what a private endpoint answers is for no cache that others share. */
export const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
  const path = routedPath(c.req.raw);
  const call = callOf(c.req.method, path);
  const scope = scopeFor(call, c.env);
  if (scope !== undefined) {
    await requireScope(c, scope).catch((error: unknown) => {
      throw error instanceof T2lError && isHub(path) ? hubError(error) : error;
    });
  }
  if (call === 'list' && SEARCHED_BY.some((name) => c.req.query(name))) {
    await c.get('services').admitSearch();
  }
  await next();
  const caching = c.res.headers.get('cache-control');
  if (scope !== undefined && caching?.startsWith('public')) {
    c.header('Cache-Control', caching.replace('public', 'private'));
    c.header('Vary', 'Authorization', { append: true });
  }
};

const FAULTS: Readonly<Record<Fault, string>> = {
  missing: 'Send the header "Authorization: Bearer <token>"; the administrator gives tokens out.',
  unknown: 'This endpoint did not give this token out; ask the administrator for one.',
  expired: 'This token is expired; ask the administrator for another.',
  revoked: 'This token was revoked; ask the administrator for another.',
};
/** By this sentence clients of the Hub tell a bad token from a repository that is private. */
const BAD_TOKEN = 'Invalid credentials in Authorization header';

/**
 * Requires a token of a scope.
 *
 * @throws T2lError `token_missing`, `token_invalid` or `scope_missing`
 */
export async function requireScope(c: Context<AppEnv>, scope: Scope): Promise<void> {
  const { scopes, fault } = await c.get('services').caller();
  if (fault !== undefined) {
    const headers = {
      'www-authenticate': 'Bearer realm="t2l-edge"',
      ...(isHub(routedPath(c.req.raw)) && fault !== 'missing' && { 'x-error-message': BAD_TOKEN }),
    };
    const code = fault === 'missing' ? 'token_missing' : 'token_invalid';
    throw new T2lError(code, FAULTS[fault], { extra: { headers } });
  }
  if (!allows(scopes, scope)) {
    throw new T2lError(
      'scope_missing',
      `This call takes a token with the scope ${scope}; this one has ${scopes.join(', ')}.`,
    );
  }
}

/** Whether a path is asked for by clients of the Hub: everything that is not below /v1. */
function isHub(path: string): boolean {
  return !path.startsWith('/v1/');
}
