/** The Worker. */
import { createApp } from './api/app.ts';
import { answerKnown } from './api/front.ts';
import { makeQueued } from './api/queue.ts';
import { keepHouse } from './api/scheduled.ts';
import type { Env } from './env.ts';

const app = createApp();

export default {
  fetch(request, env, context) {
    const known = answerKnown(request, env, context);
    if (known === undefined || known instanceof Response) {
      return known ?? app.fetch(request, env, context);
    }
    return known.then((answer) => answer ?? app.fetch(request, env, context));
  },
  async queue(batch, env, context) {
    await makeQueued(batch, env, (work) => context.waitUntil(work));
  },
  async scheduled(_controller, env) {
    await keepHouse(env);
  },
} satisfies ExportedHandler<Env>;
