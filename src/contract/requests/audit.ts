/** `POST /v1/audit`: where the slice begins. */
import * as z from 'zod';
import { AUDIT_CURSOR, type AuditPlace, decodeAuditPlace } from '../audit-cursor.ts';

/** The query of the request. */
export const auditQuerySchema = z.strictObject({
  cursor: z
    .string()
    .transform((text, context): AuditPlace => {
      const place = decodeAuditPlace(text);
      if (place === undefined) {
        const message = 'cursor must be the next_cursor of the slice before, unchanged.';
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      return place;
    })
    .optional()
    .meta({
      type: 'string',
      pattern: AUDIT_CURSOR.source,
      description: 'The `next_cursor` of the slice before; left out, the audit begins.',
    }),
});
