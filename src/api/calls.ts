/** What a request is, by its method and its path: what access, limits and cross-origin rules go by. */

import { isHubPath } from './path.ts';

/** The one call of the Hub's protocol that reads by POST: browsers may make it from any site. */
export const READS_BY_POST = /^\/api\/models\/[^/]+\/[^/]+\/paths-info\//;

/** What a list is searched by. */
export const SEARCHED_BY = ['q', 'search'];

/** What a call is, as access goes; `open` is for anybody, and for what asks by itself. */
export type Call = 'open' | 'read' | 'list' | 'generate';

const OPEN = new Set([
  ...['/', '/docs', '/openapi.json', '/healthz'],
  // They ask by themselves.
  ...['/api/whoami-v2', '/v1/tokens'],
]);
const MAKING = new Set(['/v1/adapters', '/v1/adapters/batch']);
const LISTS = new Set(['/v1/adapters', '/api/models']);
const READ_METHODS = new Set(['GET', 'HEAD']);

/** What a request to a path is. */
export function callOf(method: string, path: string): Call {
  if (path === '/v1/adapters/by-description' || (MAKING.has(path) && method === 'POST')) {
    return 'generate';
  }
  // Nothing is written by the Hub's protocol, whatever the method.
  if (OPEN.has(path) || !(READ_METHODS.has(method) || isHubPath(path))) {
    return 'open';
  }
  return LISTS.has(path) ? 'list' : 'read';
}
