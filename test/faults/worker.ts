/**
 * The whole endpoint with bindings that fail on purpose, and the calls that a test of it makes. What an
 * answer leaves to be done after it is done before it, so that its steps are counted with it.
 *
 *   POST /faults/plan        a plan, or null; gives what happened since the one before
 *   POST /faults/clock?ms=N  lets the clock go ahead of the time by so much
 *   POST /faults/scheduled   does what the clock starts, with these variables; gives what failed
 *   POST /faults/sweep?ms=N  sweeps orphans at a time to come; gives what lies in R2 and D1 after it
 */
import { createApp } from '../../src/api/app.ts';
import { keepHouse } from '../../src/api/scheduled.ts';
import { servicesOfClock } from '../../src/api/services.ts';
import type { AuditPlace } from '../../src/contract/audit-cursor.ts';
import type { Env } from '../../src/env.ts';
import { auditSlice } from '../../src/pipeline/audit.ts';
import { createFaults, type FaultPlan } from './bindings.ts';
import { storedIn } from './stored.ts';

const app = createApp();
const faults = createFaults();
const clock = Date.now.bind(Date);
let ahead = 0;
Date.now = () => clock() + ahead;
// A copy near to the reader would hide what R2 has lost.
Object.defineProperty(caches, 'default', {
  value: { match: async () => undefined, put: async () => undefined, delete: async () => false },
});

async function fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const url = new URL(request.url);
  switch (url.pathname) {
    case '/faults/plan':
      return Response.json(faults.plan(await request.json<FaultPlan | null>()));
    case '/faults/clock':
      ahead = Number(url.searchParams.get('ms'));
      return Response.json({ ahead });
    case '/faults/scheduled': {
      const variables = await request.json<Partial<Env>>();
      const outcome = await keepHouse({ ...faults.env(env), ...variables }).then(
        () => 'ok',
        (error: unknown) => String(error),
      );
      return Response.json({ outcome });
    }
    case '/faults/sweep':
      await sweep(env, Number(url.searchParams.get('ms')));
      return Response.json(await storedIn(env));
    default:
      return answered(request, env, context);
  }
}

/** All slices of one sweep, as the audit through the API does them. */
async function sweep(env: Env, ms: number): Promise<void> {
  const effects = servicesOfClock(faults.env(env));
  const now = () => clock() + ms;
  let place: AuditPlace | undefined = { part: 'orphans' };
  while (place?.part === 'orphans') {
    place = (await auditSlice(place, { ...effects, now })).next;
  }
}

async function answered(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const later: Promise<unknown>[] = [];
  const own = {
    waitUntil: (work: Promise<unknown>) => void later.push(work),
    passThroughOnException: () => context.passThroughOnException(),
    props: context.props,
  } as unknown as ExecutionContext;
  const response = await app.fetch(request, faults.env(env), own);
  await Promise.allSettled(later);
  return response;
}

// biome-ignore lint/style/noDefaultExport: the entry of a Worker
export default { fetch };
