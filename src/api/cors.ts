/**
 * What scripts on other sites may do: read everything, and make adapters. No answer ever depends on a
 * cookie, so any site may ask. The administrative calls are refused in the preflight: PUT and DELETE
 * by their methods; POST passes every preflight, so there it is the header of a JSON body that is not
 * allowed, and without that header the endpoint takes no body.
 */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { WEIGHTS_HEADER } from '../contract/repr-digest.ts';
import { READS_BY_POST } from './calls.ts';
import { HUB_HEADERS } from './hub/index.ts';
import type { AppEnv } from './route.ts';

/** Headers of answers that scripts may read. */
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Link',
  'Location',
  'Repr-Digest',
  'Retry-After',
  'Server-Timing',
  WEIGHTS_HEADER,
  ...HUB_HEADERS,
];
/** Headers that scripts may send with reads: none of them makes a body acceptable. */
const READ_HEADERS = ['Authorization', 'If-Match', 'If-None-Match', 'If-Range', 'Range'];
const DAY_SECONDS = 86400;

/** Paths that take JSON from other sites: what they do, anybody may. */
const OPEN_POSTS = [/^\/v1\/adapters(\/batch)?$/, READS_BY_POST];

/** What every answer says of it, to any site. */
export const CROSS_ORIGIN_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': EXPOSED_HEADERS.join(','),
};

const common = { origin: '*', exposeHeaders: EXPOSED_HEADERS, maxAge: DAY_SECONDS };
const reads = cors({ ...common, allowMethods: ['GET', 'HEAD'], allowHeaders: READ_HEADERS });
const posts = cors({
  ...common,
  allowMethods: ['GET', 'HEAD', 'POST'],
  allowHeaders: [...READ_HEADERS, 'Content-Type'],
});

/** Answers preflights and says who may read the answers. */
export const crossOrigin: MiddlewareHandler<AppEnv> = (c, next) =>
  (OPEN_POSTS.some((path) => path.test(c.req.path)) ? posts : reads)(c, next);
