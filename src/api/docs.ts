/** The API about itself: `/openapi.json`, the reference page `/docs` and the index at `/`. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { EXAMPLE } from '../contract/examples.ts';
import { type Description, describeApi } from './docs/document.ts';
import { PAGE, PAGE_POLICY } from './docs/page.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

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

/** Adds the description of the API and the index. Comes after all routes that it describes. */
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
      return c.json({ ...description, servers: [{ url: new URL(c.req.url).origin }] });
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
  addRoute(
    app,
    {
      method: 'get',
      path: '/',
      operationId: 'index',
      tags: ['endpoint'],
      summary: 'See where everything is',
      responses: {
        200: {
          description: 'Paths of this endpoint.',
          content: { 'application/json': { schema: indexSchema } },
        },
      },
    },
    index,
  );
}

function page(c: Context<AppEnv>): Response {
  c.header('Content-Security-Policy', PAGE_POLICY);
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-cache');
  return c.html(PAGE);
}

function index(c: Context<AppEnv>): Response {
  return c.json({
    name: 't2l-edge',
    description: 'Text in, LoRA adapter out.',
    try: `curl ${new URL(c.req.url).origin}/v1/adapters -H 'content-type: application/json' -d '{"description": "${EXAMPLE}"}'`,
    adapters: '/v1/adapters',
    hypernets: '/v1/hypernets',
    health: '/healthz',
    openapi: '/openapi.json',
    docs: '/docs',
  });
}
