/**
 * What an adapter is made from: a description in words, or the embedding that an encoder made of one.
 * Both leave here in the one form that adapter ids are computed from: normalised text, float32.
 */
import * as z from 'zod';
import { normaliseDescription } from '../description.ts';
import { EXAMPLE } from '../examples.ts';
import { MAX_DESCRIPTION_CHARACTERS, MAX_EMBEDDING_DIM } from '../limits.ts';

/** Half a step above the largest float32: from here on numbers round to infinity. */
const FLOAT32_BOUND = 2 ** 128 - 2 ** 103;

/** Control characters but those that count as white space. */
const CONTROL = '\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u009f';
/** What cannot be seen, of the characters that every engine writes as one: see src/contract/description.ts. */
const UNSEEN =
  '\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e' +
  '\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb';

/**
 * What `descriptionSchema` asks of characters, for programs that read the description of the API: one
 * that can be seen, and no control characters but those that count as white space.
 */
const DESCRIPTION_PATTERN = `^[^${CONTROL}]*[^\\s${CONTROL}\\u0009-\\u000d${UNSEEN}][^${CONTROL}]*$`;

/** The field `description`. */
export const descriptionSchema = z
  .string({ error: 'description must be a string.' })
  .transform(normaliseDescription)
  .refine((text) => text.length > 0, {
    error:
      'description must say what the adapter is to do, in at least one character that can be seen.',
    params: { code: 'description_empty' },
    abort: true,
  })
  .refine((text) => [...text].length <= MAX_DESCRIPTION_CHARACTERS, {
    error: `description must have at most ${MAX_DESCRIPTION_CHARACTERS} characters.`,
    params: { code: 'description_too_long' },
    abort: true,
  })
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), {
    error: 'description must be well-formed Unicode without control characters.',
  })
  .meta({
    type: 'string',
    minLength: 1,
    maxLength: MAX_DESCRIPTION_CHARACTERS,
    pattern: DESCRIPTION_PATTERN,
    example: EXAMPLE,
  });

/** The field `embedding`. */
export const embeddingSchema = z
  .array(
    z
      .number({ error: 'Every number of embedding must be finite.' })
      .refine((value) => Number.isFinite(Math.fround(value)), {
        error: 'Every number of embedding must be finite as a float32.',
      }),
    { error: 'embedding must be an array of numbers.' },
  )
  .refine((values) => values.length >= 1 && values.length <= MAX_EMBEDDING_DIM, {
    error: `embedding must have 1 to ${MAX_EMBEDDING_DIM} numbers.`,
    params: { code: 'embedding_wrong_dimension' },
  })
  .transform((values) => Float32Array.from(values))
  .meta({
    type: 'array',
    items: {
      type: 'number',
      exclusiveMinimum: -FLOAT32_BOUND,
      exclusiveMaximum: FLOAT32_BOUND,
    },
    minItems: 1,
    maxItems: MAX_EMBEDDING_DIM,
    description: "The encoder's output, as long as the hypernetwork's encoder says.",
  });
