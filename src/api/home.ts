/**
 * `/`: the playground for who asks for a page, as browsers do, and an index of the endpoint in JSON for
 * everybody else. The page is a static asset that scripts/playground.ts builds; it goes through here for
 * its policy, which then is the same wherever the Worker runs. Its scripts are served as they are.
 */

import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { T2lError } from '../contract/errors.ts';
import { EXAMPLE } from '../contract/examples.ts';
import * as z from './described.ts';
import { originOf } from './path.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** What a browser may load and ask for on behalf of the page. Its worker has one in src/assets/_headers. */
export const PLAYGROUND_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  // The empty icon.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The host is not looked at. */
const PAGE = 'https://assets/playground/';
const NOT_MODIFIED = 304;

const indexSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    try: z.string().openapi({ description: 'A command to paste.' }),
    adapters: z.string(),
    hypernets: z.string(),
    health: z.string(),
    openapi: z.string(),
    docs: z.string(),
  })
  .openapi('Index');

/** Adds the route. */
export function registerHomeRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/',
      operationId: 'index',
      tags: ['endpoint'],
      summary: 'See where everything is, or try it in the playground',
      description: 'JSON, unless `Accept` asks for `text/html`, as browsers do: then a page.',
      responses: {
        200: {
          description: 'Paths of this endpoint, or the page.',
          content: {
            'application/json': { schema: indexSchema },
            'text/html': { schema: z.string() },
          },
        },
      },
    },
    async (c) => {
      c.header('Vary', 'Accept');
      const type = accepts(c, {
        header: 'Accept',
        supports: ['application/json', 'text/html'],
        default: 'application/json',
      });
      return type === 'text/html' ? page(c) : index(c);
    },
  );
}

async function page(c: Context<AppEnv>): Promise<Response> {
  const known = c.req.header('if-none-match');
  const asset = await c.env.ASSETS.fetch(PAGE, {
    headers: known === undefined ? {} : { 'if-none-match': known },
  });
  if (!asset.ok && asset.status !== NOT_MODIFIED) {
    throw new T2lError(
      'internal_error',
      'The page is not among the assets: node scripts/pages.ts builds it.',
    );
  }
  const etag = asset.headers.get('etag');
  if (etag !== null) {
    c.header('ETag', etag);
  }
  c.header('Content-Security-Policy', PLAYGROUND_POLICY);
  c.header('Referrer-Policy', 'no-referrer');
  // Together they isolate the page from others, and so let its workers share memory.
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
  c.header('Cross-Origin-Embedder-Policy', 'require-corp');
  c.header('Cache-Control', 'no-cache');
  return asset.ok ? c.html(await asset.text()) : c.body(null, NOT_MODIFIED);
}

function index(c: Context<AppEnv>): Response {
  return c.json({
    name: 't2l-edge',
    description: 'Text in, LoRA adapter out.',
    try: `curl ${originOf(c.req.raw, c.env.PUBLIC_ORIGIN)}/v1/adapters -H 'content-type: application/json' -d '{"description": "${EXAMPLE}"}'`,
    adapters: '/v1/adapters',
    hypernets: '/v1/hypernets',
    health: '/healthz',
    openapi: '/openapi.json',
    docs: '/docs',
  });
}
