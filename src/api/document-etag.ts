/**
 * Entity tags of documents: whoever asks again, as a page or a poller does, learns in a few bytes that nothing
 * has changed. The tag is the sha256 of the document, so it is the same wherever the Worker runs.
 */
import type { MiddlewareHandler } from 'hono';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { isHex64 } from '../contract/hex.ts';
import type { AppEnv } from './route.ts';

/** Without these no script on another site may read the answer. */
const CROSS_ORIGIN = ['access-control-allow-origin', 'access-control-expose-headers'];

/** Whoever keeps a document asks whether it is still so. */
export const DOCUMENT_CACHING = 'no-cache';

/** How the description of the API has it. */
export const NOT_MODIFIED = { description: 'The client has the document.' };

/** Adds the tag, and answers 304 to who names it. */
export const documentEtag = etag({
  retainedHeaders: [...RETAINED_304_HEADERS, ...CROSS_ORIGIN],
  generateDigest: (body) => crypto.subtle.digest('SHA-256', body),
});

/** Remembers the tag of an adapter's document, for who asks again within a minute (front.ts). */
export const rememberTag: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const [id, tag] = [c.req.param('id') ?? '', c.res.headers.get('etag')];
  if (isHex64(id) && tag !== null) {
    c.get('services').recorded.noteTag(id, addressIn(c.req.url), tag);
  }
};

/** Where the endpoint was asked, as the request has it: the beginning of its address. */
export function addressIn(url: string): string {
  return url.slice(0, pathBegin(url));
}

/** Where the path begins in an address, after the host. */
export function pathBegin(url: string): number {
  const begin = url.indexOf('/', url.indexOf('//') + 2);
  return begin < 0 ? url.length : begin;
}
