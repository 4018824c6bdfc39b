/** `/v1/stats`: what the endpoint did in the last days, for whoever runs it. */
import type { Context } from 'hono';
import { statsSchema } from '../contract/documents/stats.ts';
import { statsQuerySchema } from '../contract/requests/stats.ts';
import { statsDocument } from '../pipeline/stats-document.ts';
import { dayOf } from '../store/quotas.ts';
import { firstDay, statStore } from '../store/stats.ts';
import { useStore } from '../store/uses.ts';
import { requireAdmin } from './admin.ts';
import { ADMIN_CODES } from './codes.ts';
import { writeCounts } from './counting.ts';
import { problemResponses } from './problem.ts';
import { readQuery } from './query.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** Adds the route. */
export function registerStatsRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/stats',
      operationId: 'readStats',
      tags: ['endpoint'],
      summary: 'Read what the endpoint did in the last days',
      description:
        'Counts of adapters, answers, problems and bytes, and how long steps took. They are a few minutes behind, and what an isolate counted since it last wrote is lost when it ends.',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: { query: statsQuerySchema },
      responses: {
        200: {
          description: 'What was counted.',
          content: { 'application/json': { schema: statsSchema } },
        },
        ...problemResponses([
          ...ADMIN_CODES,
          'days_out_of_range',
          'field_unknown',
          'parameter_repeated',
        ]),
      },
    },
    readStats,
  );
}

async function readStats(c: Context<AppEnv>): Promise<Response> {
  const { days } = readQuery(c, statsQuerySchema);
  const now = c.get('services').now();
  const store = statStore(c.env.DB);
  await writeCounts(store);
  const [from, to] = [firstDay(now, days), dayOf(now)];
  const [counts, stored] = await Promise.all([store.since(from), useStore(c.env.DB).sums()]);
  c.header('Cache-Control', 'no-store');
  return c.json(statsDocument({ from, to }, counts, stored));
}
