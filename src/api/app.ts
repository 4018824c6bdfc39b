/** The app: middleware that every request passes, the routes, and the one place that renders errors. */
// First: it gives zod the method that documents are named by.
import './described.ts';
import type { Context } from 'hono';
import { T2lError } from '../contract/errors.ts';
import { guard } from './access.ts';
import { registerAdapterRoutes } from './adapters.ts';
import { registerAuditRoute } from './audit.ts';
import { registerBaseModelRoutes } from './base-models.ts';
import { registerBatchRoute } from './batch.ts';
import { registerByDescriptionRoute } from './by-description.ts';
import { crossOrigin } from './cors.ts';
import { counting } from './counting.ts';
import { DescribedApp } from './described.ts';
import { registerDocsRoutes } from './docs.ts';
import { registerFileRoutes } from './files.ts';
import { registerHealthRoute } from './health.ts';
import { registerHomeRoute } from './home.ts';
import { hubHandler } from './hub/errors.ts';
import { registerHubNotFound, registerHubRoutes } from './hub/index.ts';
import { registerHypernetRoutes } from './hypernets.ts';
import { isHubPath, routedPath } from './path.ts';
import { onError, onNotFound } from './problem.ts';
import { type App, type AppEnv, honoPath } from './route.ts';
import { type Defer, servicesOf } from './services.ts';
import { registerStatsRoute } from './stats.ts';
import { serverTiming } from './timing.ts';
import { registerTokenRoutes } from './tokens.ts';

/** Builds the app with all its routes. */
export function createApp(): App {
  const app: App = new DescribedApp({ getPath: routedPath });
  app.use(counting);
  app.use(serverTiming);
  app.use(crossOrigin);
  app.use(async (c, next) => {
    const address = c.req.header('cf-connecting-ip');
    const authorization = c.req.header('authorization');
    const defer: Defer = (work) => c.executionCtx.waitUntil(work);
    c.set('services', servicesOf(c.env, c.get('timings'), { address, authorization }, defer));
    await next();
    // A model card is text that somebody sent us: no browser may take it for a page.
    c.header('X-Content-Type-Options', 'nosniff');
  });
  app.use(guard);
  registerByDescriptionRoute(app);
  registerBatchRoute(app);
  // At once: the paths of adapter ids that follow would take its other methods.
  refuseOtherMethods(app);
  registerAdapterRoutes(app);
  registerFileRoutes(app);
  registerHypernetRoutes(app);
  registerBaseModelRoutes(app);
  registerHealthRoute(app);
  registerAuditRoute(app);
  registerStatsRoute(app);
  registerTokenRoutes(app);
  registerHubRoutes(app);
  registerHomeRoute(app);
  registerDocsRoutes(app);
  refuseOtherMethods(app);
  registerHubNotFound(app);
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
    const refuse = (c: Context<AppEnv>): never => {
      const allow = allowed.join(', ');
      throw new T2lError(
        'method_not_allowed',
        `${c.req.path} takes ${allow}, not ${c.req.method}.`,
        { extra: { headers: { allow } } },
      );
    };
    app.all(honoPath(path), isHubPath(path) ? hubHandler(refuse) : refuse);
  }
}
