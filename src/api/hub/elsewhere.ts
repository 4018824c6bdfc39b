/**
 * What is never ours: data sets, spaces, models whose id has no owner, and calls that this endpoint
 * does not serve. They go to the hub that HUB_UPSTREAM names, or do not exist. Comes after all other
 * routes of the protocol, whose paths it would take.
 */

import type { Context } from 'hono';
import { T2lError } from '../../contract/errors.ts';
import { findRepository } from '../../hub/find.ts';
import * as z from '../described.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { hubHandler, hubProblems } from './errors.ts';
import { elsewhere } from './files.ts';
import { REST_PARAMETERS, UPSTREAM_CODES, UPSTREAM_HEAD_CODES } from './parameters.ts';
import { hubEffects, leaveTo } from './repository.ts';

const ELSEWHERE = { 307: { description: 'The location is at another hub.' } };
const NAME_PARAMETERS = REST_PARAMETERS.extend({
  name: z.string().openapi({ param: { name: 'name', in: 'path' } }),
  revision: z.string().openapi({ param: { name: 'revision', in: 'path' } }),
});

/** Adds the routes that lead away. */
export function registerElsewhereRoutes(app: App): void {
  for (const kind of ['datasets', 'spaces'] as const) {
    addRoute(
      app,
      {
        method: 'get',
        path: `/${kind}/{path}`,
        summary: `Hub protocol: files of ${kind}`,
        request: { params: REST_PARAMETERS },
        responses: {
          ...ELSEWHERE,
          ...hubProblems([...UPSTREAM_CODES, ...UPSTREAM_HEAD_CODES]),
        },
      },
      hubHandler((c) => leaveTo(c, elsewhere(c))),
    );
  }
  for (const file of ['resolve', 'raw'] as const) {
    addRoute(
      app,
      {
        method: 'get',
        path: `/{name}/${file}/{revision}/{path}`,
        summary: 'Hub protocol: files of models without an owner',
        request: { params: NAME_PARAMETERS },
        responses: {
          ...ELSEWHERE,
          ...hubProblems([...UPSTREAM_CODES, ...UPSTREAM_HEAD_CODES]),
        },
      },
      hubHandler((c) => leaveTo(c, elsewhere(c))),
    );
  }
  for (const kind of ['models', 'datasets', 'spaces'] as const) {
    for (const method of ['get', 'post'] as const) {
      addRoute(
        app,
        {
          method,
          path: `/api/${kind}/{path}`,
          summary: `Hub protocol: other calls about ${kind}`,
          request: { params: REST_PARAMETERS },
          responses: { ...ELSEWHERE, ...hubProblems(UPSTREAM_CODES) },
        },
        hubHandler((c) => leave(c, kind)),
      );
    }
  }
}

async function leave(c: Context<AppEnv>, kind: string): Promise<Response> {
  const [owner = '', name = ''] = (c.req.param('path') ?? '').split('/');
  const ours = kind === 'models' ? await findRepository(owner, name, hubEffects(c)) : undefined;
  if (ours !== undefined) {
    throw new T2lError(
      'route_unknown',
      `${c.req.path} is not served for ${ours.id}; /openapi.json lists the calls of the protocol.`,
    );
  }
  return leaveTo(c);
}
