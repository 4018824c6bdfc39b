/** `/v1/hypernets`: which hypernetworks there are; registering versions. */
import type { Context } from 'hono';
import { hypernetListSchema } from '../contract/documents/hypernet.ts';
import { registerHypernetSchema } from '../contract/requests/hypernets.ts';
import { registerBundle } from '../pipeline/register.ts';
import { requireAdmin } from './admin.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES, BUNDLE_CODES, SIGNATURE_CODES } from './codes.ts';
import { documentEtag, NOT_MODIFIED } from './document-etag.ts';
import {
  document,
  documentOf,
  hypernetContent,
  NAME_PARAMETER,
  registryOf,
} from './hypernet-answer.ts';
import { registerAnsweringRoutes } from './hypernet-answering.ts';
import { problemResponses } from './problem.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** Adds the routes of hypernetworks. */
export function registerHypernetRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/hypernets',
      operationId: 'listHypernets',
      tags: ['hypernets'],
      summary: 'List hypernetworks',
      middleware: documentEtag,
      responses: {
        200: {
          description: 'All of them.',
          content: { 'application/json': { schema: hypernetListSchema } },
        },
        304: NOT_MODIFIED,
        ...problemResponses(BUNDLE_CODES),
      },
    },
    listHypernets,
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/hypernets/{name}',
      operationId: 'readHypernet',
      tags: ['hypernets'],
      summary: 'Read a hypernetwork',
      middleware: documentEtag,
      request: { params: NAME_PARAMETER },
      responses: {
        200: { description: 'The hypernetwork.', content: hypernetContent },
        304: NOT_MODIFIED,
        ...problemResponses(['hypernet_unknown', ...BUNDLE_CODES]),
      },
    },
    readHypernet,
  );
  addRoute(
    app,
    {
      method: 'post',
      path: '/v1/hypernets',
      operationId: 'registerHypernet',
      tags: ['hypernets'],
      summary: 'Register a bundle that lies in the bucket',
      description:
        'Reads and verifies every file first; a bundle is registered whole or not at all.',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: {
        body: {
          required: true,
          content: { 'application/json': { schema: registerHypernetSchema } },
        },
      },
      responses: {
        201: { description: 'Registered; not active yet.', content: hypernetContent },
        200: { description: 'Known already.', content: hypernetContent },
        ...problemResponses([
          ...ADMIN_CODES,
          ...BODY_CODES,
          'name_malformed',
          'name_reserved',
          'version_malformed',
          'digest_malformed',
          'hypernet_version_taken',
          ...SIGNATURE_CODES,
          ...BUNDLE_CODES,
        ]),
      },
    },
    registerHypernet,
  );
  registerAnsweringRoutes(app);
}

async function listHypernets(c: Context<AppEnv>): Promise<Response> {
  const { catalog } = c.get('services');
  const families = await catalog.families();
  const hypernets = await Promise.all(families.map((one) => document(c.get('services'), one)));
  c.header('Cache-Control', 'no-cache');
  return c.json({ default: await catalog.defaultName(), hypernets });
}

async function readHypernet(c: Context<AppEnv>): Promise<Response> {
  c.header('Cache-Control', 'no-cache');
  return c.json(await documentOf(c.get('services'), c.req.param('name') ?? ''));
}

async function registerHypernet(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, registerHypernetSchema);
  const services = c.get('services');
  const made = await registerBundle(body, registryOf(c));
  return c.json(await documentOf(services, body.name), made ? 201 : 200);
}
