/** A line of the answer to a batch: the adapter of a request, or what is wrong with it. */
import * as z from 'zod';
import { hex64 } from '../hex.ts';
import { adapterSchema } from './adapter.ts';
import { component } from './values.ts';

export const batchLineSchema = component(
  'BatchLine',
  z.object({
    index: z.int().meta({ description: 'Which request of the batch, from 0.' }),
    status: z.int().meta({
      description: 'As POST /v1/adapters would have answered it; 202 if it is made later.',
    }),
    adapter: adapterSchema.optional(),
    id: hex64
      .optional()
      .meta({ description: 'Of the adapter that is made later: 404 until it is.' }),
    problem: z
      .looseObject({
        code: z.string(),
        detail: z.string(),
        retry_after: z.int().optional().meta({ description: 'Seconds after which to ask again.' }),
      })
      .optional()
      .meta({ description: 'A problem document, in place of the adapter.' }),
  }),
);
