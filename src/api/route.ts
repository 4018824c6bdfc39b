/** What handlers have in common: their context, and how a route joins the API and its description. */
import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Env } from '../env.ts';
import type { DescribedApp } from './described.ts';
import type { Services } from './services.ts';
import type { Timings } from './timing.ts';

/** What every handler finds in its context. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    timings: Timings;
    services: Services;
    /** The code of the problem that the answer is, if it is one. */
    problem?: string;
  };
}

export type App = DescribedApp;

/** A route: what the description of the API says of it, and what a request passes before its handler. */
export type Route = RouteConfig & {
  readonly middleware?: MiddlewareHandler<AppEnv> | MiddlewareHandler<AppEnv>[];
};

/** Adds a route to the API and to its description; bodies and queries are parsed by the handler. */
export function addRoute(
  app: App,
  route: Route,
  handler: (c: Context<AppEnv>) => Promise<Response> | Response,
): void {
  const { middleware = [], ...description } = route;
  app.openAPIRegistry.registerPath(description);
  app.on([route.method.toUpperCase()], [honoPath(route.path)], ...[middleware].flat(), handler);
}

/** OpenAPI's `/x/{id}` as Hono's `/x/:id`. A parameter called `path` takes slashes too. */
export function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1').replace(/:path$/, ':path{[\\s\\S]+}');
}
