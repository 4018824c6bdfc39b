/** A message of the queue: a request for an adapter that was admitted, and who it is made for. */
import * as z from 'zod';
import { createAdapterSchema } from './create-adapter.ts';

export const queuedSchema = z.strictObject({
  request: createAdapterSchema,
  /** As the store notes it: the id of a token, `admin`, or `anonymous`. */
  made_by: z.string(),
});

/** A message as it is sent. */
export type Queued = z.input<typeof queuedSchema>;
