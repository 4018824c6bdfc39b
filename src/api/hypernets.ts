/** `/v1/hypernets`: which hypernetworks there are; registering and activating versions. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { hypernetListSchema, hypernetSchema } from '../contract/documents/hypernet.ts';
import { T2lError } from '../contract/errors.ts';
import { activateHypernetSchema, registerHypernetSchema } from '../contract/requests/hypernets.ts';
import { NAME } from '../contract/requests/names.ts';
import { hypernetDocument } from '../pipeline/hypernet-document.ts';
import { openIfWhole } from '../pipeline/makers.ts';
import { activateVersion, registerBundle } from '../pipeline/register.ts';
import type { HypernetFamily } from '../store/families.ts';
import { requireAdmin } from './admin.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES, BUNDLE_CODES } from './codes.ts';
import { problemResponses } from './problem.ts';
import { type App, type AppEnv, addRoute } from './route.ts';
import type { Services } from './services.ts';

const NAME_PARAMETER = z.object({
  name: z
    .string()
    .openapi({ param: { name: 'name', in: 'path' }, pattern: NAME.source, example: 't2l-mini' }),
});

const hypernetContent = { 'application/json': { schema: hypernetSchema } };

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
      responses: {
        200: {
          description: 'All of them.',
          content: { 'application/json': { schema: hypernetListSchema } },
        },
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
      request: { params: NAME_PARAMETER },
      responses: {
        200: { description: 'The hypernetwork.', content: hypernetContent },
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
          ...BUNDLE_CODES,
        ]),
      },
    },
    registerHypernet,
  );
  addRoute(
    app,
    {
      method: 'put',
      path: '/v1/hypernets/{name}/active',
      operationId: 'activateHypernet',
      tags: ['hypernets'],
      summary: 'Activate a version, or go back to the one before',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: {
        params: NAME_PARAMETER,
        body: {
          required: true,
          content: { 'application/json': { schema: activateHypernetSchema } },
        },
      },
      responses: {
        200: { description: 'Active.', content: hypernetContent },
        ...problemResponses([
          ...ADMIN_CODES,
          ...BODY_CODES,
          'version_malformed',
          'digest_malformed',
          'activation_ambiguous',
          'hypernet_unknown',
          'hypernet_no_previous',
          ...BUNDLE_CODES,
        ]),
      },
    },
    activateHypernet,
  );
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
  const made = await registerBundle(body, c.env.HYPERNETS, services);
  return c.json(await documentOf(services, body.name), made ? 201 : 200);
}

async function activateHypernet(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, activateHypernetSchema);
  const services = c.get('services');
  const name = c.req.param('name') ?? '';
  await activateVersion(name, body, services);
  return c.json(await documentOf(services, name));
}

async function documentOf(services: Services, name: string): Promise<object> {
  const family = await services.catalog.family(name);
  if (family === undefined) {
    throw new T2lError(
      'hypernet_unknown',
      `There is no hypernetwork ${name}; GET /v1/hypernets lists them.`,
    );
  }
  return document(services, family);
}

async function document({ catalog }: Services, family: HypernetFamily): Promise<object> {
  const bundles = await Promise.all(
    // A version that cannot be read must not hide the others, nor keep anyone from activating one.
    family.versions.map((version) => openIfWhole(version, catalog)),
  );
  return hypernetDocument(
    family,
    new Map(bundles.flatMap((bundle) => (bundle ? [[bundle.digest, bundle.manifest]] : []))),
  );
}
