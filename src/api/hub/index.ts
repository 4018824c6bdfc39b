/**
 * The read protocol of the Hugging Face Hub: with HF_ENDPOINT set to this endpoint, clients find every
 * adapter, every hypernetwork and the built-in base models as repositories.
 */
import { routeUnknown } from '../problem.ts';
import type { App } from '../route.ts';
import { registerElsewhereRoutes } from './elsewhere.ts';
import { hubHandler } from './errors.ts';
import { registerHubFileRoutes } from './files.ts';
import { registerHistoryRoutes } from './history.ts';
import { registerInfoRoutes } from './info.ts';
import { registerListRoute } from './list.ts';
import { registerWhoamiRoute } from './whoami.ts';

/** Headers that clients in browsers read. */
export const HUB_HEADERS = [
  'X-Error-Code',
  'X-Error-Message',
  'X-Linked-Etag',
  'X-Linked-Size',
  'X-Repo-Commit',
] as const;

/** Answers what is left below `/api` as the Hub would; comes after everything else. */
export function registerHubNotFound(app: App): void {
  app.all(
    '/api/*',
    hubHandler((c) => {
      throw routeUnknown(c);
    }),
  );
}

/** Adds the routes of the protocol; comes after all routes of our own. */
export function registerHubRoutes(app: App): void {
  registerListRoute(app);
  registerInfoRoutes(app);
  registerHistoryRoutes(app);
  registerWhoamiRoute(app);
  registerElsewhereRoutes(app);
  registerHubFileRoutes(app);
}
