/**
 * The path by which a request is routed, without what clients put there by mistake. An endpoint that is
 * given as `http://host/` makes `//api/models/...` of every call: no client means another place by it,
 * and some of them take the 404 for "no such repository" in silence. A slash at the end of a call of the
 * Hub's protocol means nothing either. No redirect: old clients do not follow one.
 */
import { getPath } from 'hono/utils/url';

const HUB = '/api/';

/** The path that the routes look at. */
export function routedPath(request: Request): string {
  return straightened(getPath(request));
}

/** The address with the same path, for answers that name it. */
export function routedUrl(request: Request, configured?: string): URL {
  const { pathname, search } = new URL(request.url);
  const url = new URL(originOf(request, configured));
  url.pathname = straightened(pathname);
  url.search = search;
  return url;
}

/**
 * The origin of addresses in answers: the one that the operator configured, or else the request's, whose
 * host the client writes. What no client can read is no origin, and then the request's is taken.
 */
export function originOf(request: Request, configured: string | undefined): string {
  const url = configured && URL.canParse(configured) ? new URL(configured) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol)
    ? url.origin
    : new URL(request.url).origin;
}

/** Whether a path belongs to the Hub's protocol alone. */
export function isHubPath(path: string): boolean {
  return path.startsWith(HUB);
}

function straightened(path: string): string {
  const collapsed = path.replace(/^\/{2,}/, '/');
  return isHubPath(collapsed) ? withoutLastSlashes(collapsed) : collapsed;
}

/** By hand: an expression would look at every run of slashes from each of its slashes. */
function withoutLastSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') {
    end--;
  }
  return path.slice(0, end);
}
