/**
 * The read protocol of the Hugging Face Hub: with HF_ENDPOINT set to this endpoint, clients find every
 * adapter, every hypernetwork and the built-in base models as repositories.
 */
import type { App } from '../route.ts';
import { registerElsewhereRoutes } from './elsewhere.ts';
import { registerHubFileRoutes } from './files.ts';
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

/** The one call of the protocol that reads by POST: browsers may make it from any site. */
export const READS_BY_POST = /^\/api\/models\/[^/]+\/[^/]+\/paths-info\//;

/** Adds the routes of the protocol; comes after all routes of our own. */
export function registerHubRoutes(app: App): void {
  registerListRoute(app);
  registerInfoRoutes(app);
  registerWhoamiRoute(app);
  registerElsewhereRoutes(app);
  registerHubFileRoutes(app);
}
