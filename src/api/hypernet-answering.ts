/** `/v1/hypernets/{name}/...`: which version answers to a name, for how many, and which one never more. */

import type { Context } from 'hono';
import {
  activateHypernetSchema,
  canarySchema,
  yankHypernetSchema,
} from '../contract/requests/hypernets.ts';
import { activateVersion } from '../pipeline/activate.ts';
import { endCanary, startCanary } from '../pipeline/canary.ts';
import { yankVersion } from '../pipeline/yank.ts';
import { requireAdmin } from './admin.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES, BUNDLE_CODES, SIGNATURE_CODES } from './codes.ts';
import * as z from './described.ts';
import { documentOf, hypernetContent, NAME_PARAMETER, registryOf } from './hypernet-answer.ts';
import { problemResponses } from './problem.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

const VERSION_PARAMETERS = NAME_PARAMETER.extend({
  version: z.string().openapi({ param: { name: 'version', in: 'path' }, example: '1.0.0' }),
});

/** Adds the routes that choose what answers. */
export function registerAnsweringRoutes(app: App): void {
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
          'reason_malformed',
          'hypernet_unknown',
          'hypernet_no_previous',
          'hypernet_not_expected',
          'hypernet_yanked',
          ...SIGNATURE_CODES,
          ...BUNDLE_CODES,
        ]),
      },
    },
    activateHypernet,
  );
  addRoute(
    app,
    {
      method: 'put',
      path: '/v1/hypernets/{name}/canary',
      operationId: 'startCanary',
      tags: ['hypernets'],
      summary: 'Let a version answer for a part of the descriptions',
      description:
        'The same description gets the same version for as long as the canary runs; requests that name ' +
        'a version or send an embedding never get it. Activating the version promotes it, and any ' +
        'activation ends it.',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: {
        params: NAME_PARAMETER,
        body: { required: true, content: { 'application/json': { schema: canarySchema } } },
      },
      responses: {
        200: { description: 'It answers.', content: hypernetContent },
        ...problemResponses([
          ...ADMIN_CODES,
          ...BODY_CODES,
          'version_malformed',
          'digest_malformed',
          'activation_ambiguous',
          'percent_out_of_range',
          'reason_malformed',
          'hypernet_unknown',
          'hypernet_inactive',
          'hypernet_active',
          'hypernet_not_expected',
          'hypernet_yanked',
          ...SIGNATURE_CODES,
          ...BUNDLE_CODES,
        ]),
      },
    },
    putCanary,
  );
  addRoute(
    app,
    {
      method: 'delete',
      path: '/v1/hypernets/{name}/canary',
      operationId: 'endCanary',
      tags: ['hypernets'],
      summary: 'End a canary',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: { params: NAME_PARAMETER },
      responses: {
        200: { description: 'There is none any more.', content: hypernetContent },
        ...problemResponses([...ADMIN_CODES, 'hypernet_unknown', ...BUNDLE_CODES]),
      },
    },
    deleteCanary,
  );
  addRoute(
    app,
    {
      method: 'put',
      path: '/v1/hypernets/{name}/versions/{version}/yanked',
      operationId: 'yankHypernet',
      tags: ['hypernets'],
      summary: 'Let a version make no new adapters',
      description:
        'For good, and not while the version is active. The adapters that it made stay: they are read ' +
        'and made again as before. Sent again, it changes the reason.',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: {
        params: VERSION_PARAMETERS,
        body: {
          required: true,
          content: { 'application/json': { schema: yankHypernetSchema } },
        },
      },
      responses: {
        200: { description: 'Yanked.', content: hypernetContent },
        ...problemResponses([
          ...ADMIN_CODES,
          ...BODY_CODES,
          'reason_malformed',
          'hypernet_unknown',
          'hypernet_active',
          ...BUNDLE_CODES,
        ]),
      },
    },
    yankHypernet,
  );
}

async function activateHypernet(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, activateHypernetSchema);
  const services = c.get('services');
  const name = c.req.param('name') ?? '';
  await activateVersion(name, body, registryOf(c));
  return c.json(await documentOf(services, name));
}

async function putCanary(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, canarySchema);
  const name = c.req.param('name') ?? '';
  await startCanary(name, body, registryOf(c));
  return c.json(await documentOf(c.get('services'), name));
}

async function deleteCanary(c: Context<AppEnv>): Promise<Response> {
  const services = c.get('services');
  const name = c.req.param('name') ?? '';
  await endCanary(name, services);
  return c.json(await documentOf(services, name));
}

async function yankHypernet(c: Context<AppEnv>): Promise<Response> {
  const { reason } = await readBody(c.req.raw, yankHypernetSchema);
  const services = c.get('services');
  const name = c.req.param('name') ?? '';
  await yankVersion(name, c.req.param('version') ?? '', reason, services);
  return c.json(await documentOf(services, name));
}
