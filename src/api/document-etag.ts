/**
 * Entity tags of documents: whoever asks again, as a page or a poller does, learns in a few bytes that nothing
 * has changed. The tag is the sha256 of the document, so it is the same wherever the Worker runs.
 */
import { etag, RETAINED_304_HEADERS } from 'hono/etag';

/** Without these no script on another site may read the answer. */
const CROSS_ORIGIN = ['access-control-allow-origin', 'access-control-expose-headers'];

/** How the description of the API has it. */
export const NOT_MODIFIED = { description: 'The client has the document.' };

/** Adds the tag, and answers 304 to who names it. */
export const documentEtag = etag({
  retainedHeaders: [...RETAINED_304_HEADERS, ...CROSS_ORIGIN],
  generateDigest: (body) => crypto.subtle.digest('SHA-256', body),
});
