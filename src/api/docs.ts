/** The API about itself: `/openapi.json` and the reference page `/docs`. */

import type { Context } from 'hono';
import * as z from './described.ts';
import { type Description, describeApi } from './docs/document.ts';
import { PAGE, PAGE_POLICY } from './docs/page.ts';
import { originOf } from './path.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** Adds the description of the API. Comes after all routes that it describes. */
export function registerDocsRoutes(app: App): void {
  // Made once, when first asked for: it takes some milliseconds and never changes.
  let description: Description | undefined;
  addRoute(
    app,
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'describe',
      tags: ['endpoint'],
      summary: 'Read the description of the API',
      responses: {
        200: {
          description: 'This document.',
          content: {
            'application/json': {
              schema: z.looseObject({ openapi: z.string() }).openapi('Description'),
            },
          },
        },
      },
    },
    (c) => {
      description ??= describeApi(app);
      c.header('Cache-Control', 'no-cache');
      return c.json({
        ...description,
        servers: [{ url: originOf(c.req.raw, c.env.PUBLIC_ORIGIN) }],
      });
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/docs',
      operationId: 'reference',
      tags: ['endpoint'],
      summary: 'Read the reference of the API as a page',
      responses: {
        200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
      },
    },
    page,
  );
}

function page(c: Context<AppEnv>): Response {
  c.header('Content-Security-Policy', PAGE_POLICY);
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-cache');
  return c.html(PAGE);
}
