/**
 * `POST /v1/adapters`: everything that determines an adapter, and what is wanted of it besides, which is
 * no part of its id: `unlisted` and `allow_unfit`. The SDK checks with this schema what it computes ids of,
 * so it is plain zod, as the documents are.
 */
import * as z from 'zod';
import type { AdapterInput } from '../adapter-id.ts';
import { component } from '../documents/values.ts';
import { MAX_STRENGTH, MIN_STRENGTH, STRENGTH_STEPS_A_UNIT } from '../limits.ts';
import { descriptionSchema, embeddingSchema } from './inputs.ts';
import { hypernetReference } from './names.ts';

const DTYPES = ['float16', 'bfloat16', 'float32'] as const;
const PRECISIONS = ['float32', 'int8'] as const;

/** The body of the request. */
export const createAdapterSchema = component(
  'CreateAdapter',
  z
    .strictObject({
      description: descriptionSchema.optional(),
      embedding: embeddingSchema.optional(),
      hypernet: hypernetReference.optional(),
      dtype: z
        .enum(DTYPES, { error: `dtype must be one of ${DTYPES.join(', ')}.` })
        .default('float16'),
      precision: z
        .enum(PRECISIONS, { error: `precision must be one of ${PRECISIONS.join(', ')}.` })
        .optional()
        .meta({ description: 'Of the computation; the default is the one the bundle names.' }),
      strength: z
        .number({ error: 'strength must be a number.' })
        .refine((value) => Math.abs(value) <= MAX_STRENGTH && roundStrength(value) !== 0, {
          error:
            `strength must lie between ${MIN_STRENGTH} and ${MAX_STRENGTH}, or the same below 0; ` +
            `it is rounded to steps of ${MIN_STRENGTH}.`,
          params: { code: 'strength_out_of_range' },
        })
        .transform(roundStrength)
        .default(1)
        .meta({
          description:
            `Factor on the update, rounded to the nearest multiple of ${MIN_STRENGTH}; its size lies ` +
            `between ${MIN_STRENGTH} and ${MAX_STRENGTH}. 0.52 and 0.5 are one adapter. ` +
            'DoRA adapters have strength 1 only; another is 422 `strength_unavailable`.',
          type: 'number',
          // What is half the smallest or more is rounded up to it.
          anyOf: [
            { minimum: MIN_STRENGTH / 2, maximum: MAX_STRENGTH },
            { minimum: -MAX_STRENGTH, maximum: -MIN_STRENGTH / 2 },
          ],
        }),
      unlisted: z
        .boolean({ error: 'unlisted must be true or false.' })
        .optional()
        .meta({
          description:
            'true: lists and searches leave the adapter out, if this request makes it; whoever has the id reads it. ' +
            'false: they have it, also if it was unlisted before. Left out: a new one is listed, a known one stays as it is.',
        }),
      allow_unfit: z.boolean({ error: 'allow_unfit must be true or false.' }).optional().meta({
        description:
          'false: no adapter whose fit is `unfit`; it is 422 `adapter_unfit` then. Left out: as the endpoint is set, and without a setting true.',
      }),
    })
    .superRefine(({ description, embedding }, context) => {
      if (description === undefined && embedding === undefined) {
        context.addIssue({
          code: 'custom',
          message: 'Send description, a sentence, or embedding, the vector of its encoder.',
          params: { code: 'input_missing' },
        });
      }
      if (description !== undefined && embedding !== undefined) {
        context.addIssue({
          code: 'custom',
          message: 'Send either description or embedding, not both.',
          params: { code: 'input_ambiguous' },
        });
      }
    })
    .meta({ oneOf: [{ required: ['description'] }, { required: ['embedding'] }] }),
);

/** What a body that the schema passed is made from. */
export function inputOf({
  description,
  embedding,
}: Pick<z.output<typeof createAdapterSchema>, 'description' | 'embedding'>): AdapterInput {
  return embedding === undefined ? { description: description ?? '' } : { embedding };
}

/**
 * The nearest strength. An adapter id hashes it as JavaScript prints it, so it is the quotient of two
 * whole numbers, which is the number nearest to the multiple: 0.3, and never the 0.30000000000000004 of a
 * sum. Halves go away from 0, so that a strength and its opposite stay opposites.
 */
export function roundStrength(value: number): number {
  const size = Math.round(Math.abs(value) * STRENGTH_STEPS_A_UNIT) / STRENGTH_STEPS_A_UNIT;
  return value < 0 && size > 0 ? -size : size;
}
