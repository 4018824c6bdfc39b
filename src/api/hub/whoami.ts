/** `/api/whoami-v2`: whose token it is. Of public adapters every other token is as good as none. */

import type { Context } from 'hono';
import { T2lError } from '../../contract/errors.ts';
import { allows } from '../../contract/scopes.ts';
import * as z from '../described.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { hubHandler, hubProblems } from './errors.ts';

const whoamiSchema = z
  .looseObject({
    type: z.literal('user'),
    name: z.string(),
    auth: z.looseObject({
      accessToken: z.object({ displayName: z.string(), role: z.enum(['read', 'write']) }),
    }),
  })
  .openapi('HubUser');

/** Adds the route. */
export function registerWhoamiRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/api/whoami-v2',
      summary: 'Hub protocol: whose token it is; refused for one that this endpoint did not give',
      responses: {
        200: {
          description: 'A token of this endpoint.',
          content: { 'application/json': { schema: whoamiSchema } },
        },
        ...hubProblems(['users_unknown']),
      },
    },
    hubHandler(whoami),
  );
}

async function whoami(c: Context<AppEnv>): Promise<Response> {
  const { scopes, token } = await c.get('services').caller();
  if (scopes.length === 0) {
    throw new T2lError(
      'users_unknown',
      'This endpoint has no users; public adapters are read with any token or none.',
      {
        extra: {
          headers: {
            'www-authenticate': 'Bearer realm="t2l-edge"',
            // The sentence by which clients tell a bad token from a private repository.
            'x-error-message': 'Invalid credentials in Authorization header',
          },
        },
      },
    );
  }
  const name = token?.name ?? 'admin';
  const role = allows(scopes, 'generate') ? 'write' : 'read';
  c.header('Cache-Control', 'no-store');
  const user: z.input<typeof whoamiSchema> = {
    type: 'user',
    name,
    fullname: name,
    orgs: [],
    auth: { type: 'access_token', accessToken: { displayName: name, role } },
  };
  return c.json(user);
}
