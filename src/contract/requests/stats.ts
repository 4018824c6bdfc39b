/** `GET /v1/stats`: of how many days. */
import * as z from 'zod';

const MAX_DAYS = 31;
const DAYS_ERROR = `days must be a whole number from 1 to ${MAX_DAYS}.`;

/** The query of the request. */
export const statsQuerySchema = z.strictObject({
  days: z.coerce
    .number({ error: DAYS_ERROR })
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= MAX_DAYS, {
      error: DAYS_ERROR,
    })
    .default(1)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: MAX_DAYS,
      description: 'Today, and how many days with it.',
    }),
});
