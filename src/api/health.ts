/** `/healthz`: whether the endpoint can make adapters, that is, has its tables and its default bundle. */
import type { Context } from 'hono';
import { healthSchema } from '../contract/documents/hypernet.ts';
import { T2lError } from '../contract/errors.ts';
import { forLog, logLine } from '../contract/log.ts';
import { problemResponses } from './problem.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** Adds the health route. */
export function registerHealthRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tags: ['endpoint'],
      summary: 'Whether the endpoint can work',
      responses: {
        200: { description: 'It can.', content: { 'application/json': { schema: healthSchema } } },
        ...problemResponses(['unhealthy']),
      },
    },
    health,
  );
}

async function health(c: Context<AppEnv>): Promise<Response> {
  const { catalog, adapters } = c.get('services');
  c.header('Cache-Control', 'no-store');
  try {
    await adapters.list({ limit: 1 });
    const { name, version, digest } = await catalog.resolve();
    return c.json({ status: 'ok', hypernet: { name, version, digest } });
  } catch (error) {
    logLine('error', 'unhealthy', { error: forLog(error) });
    throw new T2lError(
      'unhealthy',
      'The database must have its migrations and the default hypernetwork must be there.',
    );
  }
}
