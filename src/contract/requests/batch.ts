/** `POST /v1/adapters/batch`: several requests for adapters; each is checked when its turn comes. */
import * as z from 'zod';
import { component } from '../documents/values.ts';
import { MAX_BATCH } from '../limits.ts';

const ERROR = `requests must be a list of 1 to ${MAX_BATCH} bodies of POST /v1/adapters.`;

export const batchSchema = component(
  'Batch',
  z.strictObject({
    requests: z
      .array(z.record(z.string(), z.unknown(), { error: ERROR }), { error: ERROR })
      .min(1, { error: ERROR })
      .max(MAX_BATCH, { error: ERROR })
      .meta({ description: 'Each as POST /v1/adapters takes it.' }),
  }),
);

/** The query of the request. */
export const batchQuerySchema = z.strictObject({
  later: z.enum(['true', 'false'], { error: 'later must be true or false.' }).optional().meta({
    description:
      'true: the adapters are made later, by a queue; their lines have 202 and `id` at once. Only where the endpoint has a queue.',
  }),
});
