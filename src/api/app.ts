/** The app: middleware that every request passes, the routes, and the one place that renders errors. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import { T2lError } from '../errors.ts';
import { registerAdapterRoutes } from './adapters.ts';
import { registerDocsRoutes } from './docs.ts';
import { registerFileRoutes } from './files.ts';
import { registerHealthRoute } from './health.ts';
import { registerHypernetRoutes } from './hypernets.ts';
import { onError, onNotFound } from './problem.ts';
import { type App, type AppEnv, honoPath } from './route.ts';
import { servicesOf } from './services.ts';
import { serverTiming } from './timing.ts';

/** Headers of answers that scripts on other sites may read. */
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Link',
  'Server-Timing',
];

/** Builds the app with all its routes. */
export function createApp(): App {
  const app: App = new OpenAPIHono<AppEnv>();
  app.use(serverTiming);
  // Reads are open to every site; other methods stay behind the preflight that this refuses.
  app.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD'],
      exposeHeaders: EXPOSED_HEADERS,
      maxAge: 86400,
    }),
  );
  app.use(async (c, next) => {
    c.set('services', servicesOf(c.env, c.get('timings')));
    await next();
    // A model card is text that somebody sent us: no browser may take it for a page.
    c.header('X-Content-Type-Options', 'nosniff');
  });
  registerAdapterRoutes(app);
  registerFileRoutes(app);
  registerHypernetRoutes(app);
  registerHealthRoute(app);
  registerDocsRoutes(app);
  refuseOtherMethods(app);
  app.onError(onError);
  app.notFound(onNotFound);
  return app;
}

/** A known path with an unknown method is 405 with `Allow`, not 404. */
function refuseOtherMethods(app: App): void {
  const methods = new Map<string, string[]>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type === 'route') {
      const { path, method } = definition.route;
      const name = method.toUpperCase();
      const names = name === 'GET' ? [name, 'HEAD'] : [name];
      methods.set(path, [...new Set([...(methods.get(path) ?? []), ...names])]);
    }
  }
  for (const [path, allowed] of methods) {
    app.all(honoPath(path), (c) => {
      const allow = allowed.join(', ');
      throw new T2lError(
        'method_not_allowed',
        405,
        `${c.req.path} takes ${allow}, not ${c.req.method}.`,
        { headers: { allow } },
      );
    });
  }
}
