/**
 * The Worker under measurement where it answers reads: the one that is deployed, which forgets all that its
 * isolate remembers when a request has the header `x-cold`. What it remembers hangs on the object of the
 * database, so another object is enough.
 */
import type { Env } from '../../src/env.ts';
import worker from '../../src/index.ts';

function another(database: D1Database): D1Database {
  return new Proxy(database, {
    get: (target, property: keyof D1Database) => target[property].bind(target),
  });
}

// biome-ignore lint/style/noDefaultExport: the entry of a Worker
export default {
  ...worker,
  fetch(request, env, context) {
    const cold = request.headers.has('x-cold');
    return worker.fetch(request, cold ? { ...env, DB: another(env.DB) } : env, context);
  },
} satisfies ExportedHandler<Env>;
