/** `POST /v1/audit`: where the slice begins. */
import * as z from 'zod';
import { AUDIT_CURSOR, decodeAuditPlace } from '../audit-cursor.ts';
import { cursorSchema } from '../cursor.ts';

/** The query of the request. */
export const auditQuerySchema = z.strictObject({
  cursor: cursorSchema('the next_cursor of the slice before', decodeAuditPlace).optional().meta({
    type: 'string',
    pattern: AUDIT_CURSOR.source,
    description: 'The `next_cursor` of the slice before; left out, the audit begins.',
  }),
});
