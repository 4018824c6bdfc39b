/**
 * One request with its redirects. The token goes to the endpoint's own origin and nowhere else, which
 * not every runtime sees to by itself, so redirects are followed here. Only reads follow them: a
 * client that repeated a POST elsewhere, or made a GET of it, would do what nobody asked for.
 */
import { T2lError } from '../contract/errors.ts';
import type { Fetch } from './options.ts';

/** Where requests go. */
export interface Destination {
  readonly fetch: Fetch;
  readonly origin: string;
  readonly token: string | undefined;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Sends a request. */
export async function send(
  { fetch, origin, token }: Destination,
  method: string,
  url: string,
  init: { headers: Record<string, string>; body?: string; signal?: AbortSignal },
): Promise<Response> {
  let target = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const secret = token !== undefined && new URL(target).origin === origin;
    const response = await fetch(target, {
      ...init,
      method,
      headers: { ...init.headers, ...(secret && { authorization: `Bearer ${token}` }) },
      redirect: 'manual',
    });
    if ((response.type as string) === 'opaqueredirect') {
      // A browser, which does not say where to: it may follow by itself, without the token.
      return method === 'GET'
        ? fetch(target, { ...init, method, redirect: 'follow' })
        : refuse(method, target, undefined);
    }
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) {
      return response;
    }
    await response.body?.cancel();
    const next = new URL(location, target).href;
    if (method !== 'GET') {
      return refuse(method, target, next);
    }
    target = next;
  }
  throw new T2lError(
    'endpoint_redirected',
    `${url} was redirected more than ${MAX_REDIRECTS} times; the endpoint must be the address itself.`,
  );
}

function refuse(method: string, url: string, location: string | undefined): never {
  throw new T2lError(
    'endpoint_redirected',
    `${method} ${url} was redirected${location ? ` to ${location}` : ''}; ` +
      'the endpoint must be the address that answers itself.',
  );
}
