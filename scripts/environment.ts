/** Where scripts find the repository and wrangler, and how wrangler behaves under them. */
import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..');
/** wrangler's command line, to be run by this very Node. */
export const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');

/** Scripts must not ask, report or look for updates: nothing here needs a network. */
export const OFFLINE = {
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  // Pages and an API under /cdn-cgi/local, by which anyone at this machine reads and writes what is stored
  // without a token, and a record of every request for them.
  X_LOCAL_EXPLORER: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  // What wrangler says is for its developers; stdout has results.
  WRANGLER_LOG: 'warn',
} as const;
