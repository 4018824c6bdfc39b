/**
 * The door: every body and query of the API as a zod schema. What passes here is never checked again;
 * parse.ts applies them.
 *
 * The SDK checks with these schemas what it makes ids of, so they are plain zod, as in documents.ts.
 */
import * as z from 'zod';
import { normaliseDescription } from '../description.ts';
import { T2lError } from '../errors.ts';
import {
  DEFAULT_PAGE,
  MAX_BASE_MODEL_CHARACTERS,
  MAX_DESCRIPTION_CHARACTERS,
  MAX_EMBEDDING_DIM,
  MAX_NAME_CHARACTERS,
  MAX_PAGE,
  MAX_SEARCH_CHARACTERS,
  MAX_STRENGTH,
  MIN_ID_PREFIX,
  MIN_STRENGTH,
} from '../limits.ts';
import { component } from './component.ts';
import { CURSOR, cursorSchema } from './cursor.ts';

/** Half a step above the largest float32: from here on numbers round to infinity. */
const FLOAT32_BOUND = 2 ** 128 - 2 ** 103;

const DTYPES = ['float16', 'bfloat16', 'float32'] as const;
const PRECISIONS = ['float32', 'int8'] as const;

export const NAME = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${MAX_NAME_CHARACTERS - 1}}$`);
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * What `descriptionSchema` asks of characters, for programs that read the description of the API: one
 * that is not white space, and no control characters but those that count as white space.
 */
const DESCRIPTION_PATTERN =
  '^[^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f\\ufeff][^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u009f]*$';

/** The three forms of `hypernetReference`, for the same programs. */
const HYPERNET_PATTERN = `^(${inner(NAME)}(@${inner(VERSION)})?|${inner(DIGEST)})$`;

const NAME_RULE = `a name of 1 to ${MAX_NAME_CHARACTERS} of a-z, 0-9, ".", "_" and "-"`;

const nameSchema = z
  .string({ error: `name must be ${NAME_RULE}.` })
  .regex(NAME, { error: `name must be ${NAME_RULE}.` })
  .refine((name) => name !== 'encoders', {
    error: 'The name "encoders" is taken by the files that bundles share; choose another.',
    params: { code: 'name_reserved' },
  })
  .meta({ example: 't2l-mini' });

const versionSchema = z
  .string({ error: 'version must be a semantic version such as 1.0.0.' })
  .max(MAX_NAME_CHARACTERS, { error: 'version must be a semantic version such as 1.0.0.' })
  .regex(VERSION, { error: 'version must be a semantic version such as 1.0.0.' })
  .meta({ example: '1.0.0' });

const digestSchema = z
  .string({ error: 'digest must be the sha256 of the manifest: 64 lower-case hex digits.' })
  .regex(DIGEST, { error: 'digest must be the sha256 of the manifest: 64 lower-case hex digits.' });

const descriptionSchema = z
  .string({ error: 'description must be a string.' })
  .transform(normaliseDescription)
  .refine((text) => text.length > 0, {
    error: 'description must say what the adapter is to do, in at least one character.',
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
    example: 'Reverse the list and join it with dashes',
  });

const embeddingSchema = z
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

const hypernetReference = z
  .string({ error: 'hypernet must be a name, name@version or the digest of a manifest.' })
  .refine(
    (text) => {
      const [name = '', version = '0.0.0', ...rest] = text.split('@');
      return DIGEST.test(text) || (NAME.test(name) && VERSION.test(version) && rest.length === 0);
    },
    { error: 'hypernet must be a name, name@version or the digest of a manifest.' },
  )
  .meta({
    description: 'A name (its active version), `name@version`, or the digest of a manifest.',
    pattern: HYPERNET_PATTERN,
    example: 't2l-mini',
  });

/** `POST /v1/adapters` */
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
        .refine((value) => Math.abs(value) >= MIN_STRENGTH && Math.abs(value) <= MAX_STRENGTH, {
          error: `strength must lie between ${MIN_STRENGTH} and ${MAX_STRENGTH}, or the same below 0.`,
          params: { code: 'strength_out_of_range' },
        })
        .default(1)
        .meta({
          description: `Factor on the update; its size lies between ${MIN_STRENGTH} and ${MAX_STRENGTH}.`,
          anyOf: [
            { minimum: MIN_STRENGTH, maximum: MAX_STRENGTH },
            { minimum: -MAX_STRENGTH, maximum: -MIN_STRENGTH },
          ],
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

/** `GET /v1/adapters` */
export const listAdaptersSchema = z.strictObject({
  hypernet: z
    .string()
    .regex(NAME, { error: `hypernet must be ${NAME_RULE}.` })
    .optional()
    .meta({ description: 'Name of a hypernetwork.' }),
  base_model: z
    .string()
    .min(1, { error: 'base_model must be the id of a base model.' })
    .max(MAX_BASE_MODEL_CHARACTERS, {
      error: `base_model must have at most ${MAX_BASE_MODEL_CHARACTERS} characters.`,
    })
    .optional()
    .meta({ description: 'Id of a base model.' }),
  q: z
    .string()
    .max(MAX_SEARCH_CHARACTERS, {
      error: `q must have at most ${MAX_SEARCH_CHARACTERS} characters.`,
    })
    .optional()
    .meta({ description: 'Text that the description contains, in any case.' }),
  limit: z.coerce
    .number({ error: `limit must be a whole number from 1 to ${MAX_PAGE}.` })
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= MAX_PAGE, {
      error: `limit must be a whole number from 1 to ${MAX_PAGE}.`,
    })
    .default(DEFAULT_PAGE)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: MAX_PAGE,
      description: 'Adapters in a page.',
    }),
  cursor: cursorSchema('the next_cursor of an earlier page').optional().meta({
    type: 'string',
    pattern: CURSOR.source,
    description: 'The `next_cursor` of the page before.',
  }),
});

/** `POST /v1/hypernets` */
export const registerHypernetSchema = component(
  'RegisterHypernet',
  z.strictObject({ name: nameSchema, version: versionSchema, digest: digestSchema }),
);

/** `PUT /v1/hypernets/{name}/active` */
export const activateHypernetSchema = component(
  'ActivateHypernet',
  z
    .strictObject({
      version: versionSchema.optional(),
      digest: digestSchema.optional(),
      rollback: z
        .literal(true, { error: 'rollback must be true or left out.' })
        .optional()
        .meta({ description: 'Go back to the version that was active before.' }),
    })
    .refine((body) => Object.values(body).filter((value) => value !== undefined).length === 1, {
      error: 'Send exactly one of version, digest and rollback.',
      params: { code: 'activation_ambiguous' },
    })
    .meta({
      oneOf: [{ required: ['version'] }, { required: ['digest'] }, { required: ['rollback'] }],
    }),
);

const ID = /^[0-9a-f]{64}$/;
export const ID_PREFIX = new RegExp(`^[0-9a-f]{${MIN_ID_PREFIX},64}$`);

/** Checks an adapter id or a prefix of one; says which it is. */
export function parseAdapterId(text: string): { readonly id: string; readonly whole: boolean } {
  if (!ID_PREFIX.test(text)) {
    throw new T2lError(
      'adapter_id_malformed',
      400,
      `An adapter id is 64 lower-case hex digits; the first ${MIN_ID_PREFIX} or more will do.`,
    );
  }
  return { id: text, whole: ID.test(text) };
}

/** The source of a pattern without its anchors. */
function inner(pattern: RegExp): string {
  return pattern.source.slice(1, -1);
}
