/** The Worker. */
import { createApp } from './api/app.ts';
import { keepHouse } from './api/scheduled.ts';
import type { Env } from './env.ts';

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    await keepHouse(env);
  },
} satisfies ExportedHandler<Env>;
