/** `/v1/audit`: one slice of the audit; whoever wants all of it follows the cursors (scripts/audit.ts). */
import type { Context } from 'hono';
import type * as z from 'zod';
import { encodeAuditPlace } from '../contract/audit-cursor.ts';
import { auditSchema } from '../contract/documents/audit.ts';
import { auditQuerySchema } from '../contract/requests/audit.ts';
import { AUDIT_START, auditSlice } from '../pipeline/audit.ts';
import { requireAdmin } from './admin.ts';
import { ADMIN_CODES } from './codes.ts';
import { problemResponses } from './problem.ts';
import { readQuery } from './query.ts';
import { type App, type AppEnv, addRoute } from './route.ts';
import { servicesOfClock } from './services.ts';

/** Adds the route of the audit. */
export function registerAuditRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/v1/audit',
      operationId: 'auditSlice',
      tags: ['endpoint'],
      summary: 'Hash a part of what is stored, and heal it',
      description:
        'Some adapters, or one bundle. A damaged file of an adapter is made again; what cannot be healed is listed. The endpoint does the same by the clock, a slice each time.',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: { query: auditQuerySchema },
      responses: {
        200: {
          description: 'What was found.',
          content: { 'application/json': { schema: auditSchema } },
        },
        ...problemResponses([
          ...ADMIN_CODES,
          'cursor_malformed',
          'field_unknown',
          'parameter_repeated',
        ]),
      },
    },
    audit,
  );
}

async function audit(c: Context<AppEnv>): Promise<Response> {
  const { cursor = AUDIT_START } = readQuery(c, auditQuerySchema);
  const { report, next } = await auditSlice(cursor, servicesOfClock(c.env));
  const document: z.input<typeof auditSchema> = {
    ...report,
    failed: [...report.failed],
    next_cursor: next === undefined ? null : encodeAuditPlace(next),
  };
  c.header('Cache-Control', 'no-store');
  return c.json(document);
}
