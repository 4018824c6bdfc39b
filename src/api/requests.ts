/**
 * The door: every body and query of the API as a zod schema, and the one function that applies them.
 * What passes here is never checked again. An issue becomes a T2lError with the code of its field,
 * or with the code that the failed rule carries.
 */
import { z } from '@hono/zod-openapi';
import { normaliseDescription } from '../description.ts';
import type { ErrorCode } from '../error-codes.ts';
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
import { decodeCursor } from './cursor.ts';

/** The code of an issue whose rule carries none. */
const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  description: 'description_not_text',
  embedding: 'embedding_not_numbers',
  dtype: 'dtype_unknown',
  precision: 'precision_unknown',
  strength: 'strength_not_number',
  hypernet: 'hypernet_malformed',
  base_model: 'base_model_malformed',
  q: 'search_too_long',
  limit: 'limit_out_of_range',
  cursor: 'cursor_malformed',
  name: 'name_malformed',
  version: 'version_malformed',
  digest: 'digest_malformed',
  rollback: 'activation_ambiguous',
};

const DTYPES = ['float16', 'bfloat16', 'float32'] as const;
const PRECISIONS = ['float32', 'int8'] as const;

const NAME = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${MAX_NAME_CHARACTERS - 1}}$`);
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const DIGEST = /^[0-9a-f]{64}$/;

const NAME_RULE = `a name of 1 to ${MAX_NAME_CHARACTERS} of a-z, 0-9, ".", "_" and "-"`;

const nameSchema = z
  .string({ error: `name must be ${NAME_RULE}.` })
  .regex(NAME, { error: `name must be ${NAME_RULE}.` })
  .refine((name) => name !== 'encoders', {
    error: 'The name "encoders" is taken by the files that bundles share; choose another.',
    params: { code: 'name_reserved' },
  })
  .openapi({ example: 't2l-mini' });

const versionSchema = z
  .string({ error: 'version must be a semantic version such as 1.0.0.' })
  .max(MAX_NAME_CHARACTERS, { error: 'version must be a semantic version such as 1.0.0.' })
  .regex(VERSION, { error: 'version must be a semantic version such as 1.0.0.' })
  .openapi({ example: '1.0.0' });

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
  .openapi({
    type: 'string',
    minLength: 1,
    maxLength: MAX_DESCRIPTION_CHARACTERS,
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
  .openapi({
    type: 'array',
    items: { type: 'number' },
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
  .openapi({
    description: 'A name (its active version), `name@version`, or the digest of a manifest.',
    example: 't2l-mini',
  });

/** `POST /v1/adapters` */
export const createAdapterSchema = z
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
      .openapi({ description: 'Of the computation; the default is the one the bundle names.' }),
    strength: z
      .number({ error: 'strength must be a number.' })
      .refine((value) => Math.abs(value) >= MIN_STRENGTH && Math.abs(value) <= MAX_STRENGTH, {
        error: `strength must lie between ${MIN_STRENGTH} and ${MAX_STRENGTH}, or the same below 0.`,
        params: { code: 'strength_out_of_range' },
      })
      .default(1)
      .openapi({
        description: `Factor on the update; its size lies between ${MIN_STRENGTH} and ${MAX_STRENGTH}.`,
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
  .openapi('CreateAdapter');

/** `GET /v1/adapters` */
export const listAdaptersSchema = z.strictObject({
  hypernet: z
    .string()
    .regex(NAME, { error: `hypernet must be ${NAME_RULE}.` })
    .optional()
    .openapi({ description: 'Name of a hypernetwork.' }),
  base_model: z
    .string()
    .min(1, { error: 'base_model must be the id of a base model.' })
    .max(MAX_BASE_MODEL_CHARACTERS, {
      error: `base_model must have at most ${MAX_BASE_MODEL_CHARACTERS} characters.`,
    })
    .optional(),
  q: z
    .string()
    .max(MAX_SEARCH_CHARACTERS, {
      error: `q must have at most ${MAX_SEARCH_CHARACTERS} characters.`,
    })
    .optional()
    .openapi({ description: 'Text that the description contains, in any case.' }),
  limit: z.coerce
    .number({ error: `limit must be a whole number from 1 to ${MAX_PAGE}.` })
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= MAX_PAGE, {
      error: `limit must be a whole number from 1 to ${MAX_PAGE}.`,
    })
    .default(DEFAULT_PAGE)
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_PAGE }),
  cursor: z
    .string()
    .transform((text, context) => {
      const position = decodeCursor(text);
      if (position === undefined) {
        context.addIssue({
          code: 'custom',
          message: 'cursor must be the next_cursor of an earlier page, unchanged.',
        });
        return z.NEVER;
      }
      return position;
    })
    .optional()
    .openapi({ type: 'string' }),
});

/** `POST /v1/hypernets` */
export const registerHypernetSchema = z
  .strictObject({ name: nameSchema, version: versionSchema, digest: digestSchema })
  .openapi('RegisterHypernet');

/** `PUT /v1/hypernets/{name}/active` */
export const activateHypernetSchema = z
  .strictObject({
    version: versionSchema.optional(),
    digest: digestSchema.optional(),
    rollback: z
      .literal(true, { error: 'rollback must be true or left out.' })
      .optional()
      .openapi({ description: 'Go back to the version that was active before.' }),
  })
  .refine((body) => Object.values(body).filter((value) => value !== undefined).length === 1, {
    error: 'Send exactly one of version, digest and rollback.',
    params: { code: 'activation_ambiguous' },
  })
  .openapi('ActivateHypernet');

const ID = /^[0-9a-f]{64}$/;
const ID_PREFIX = new RegExp(`^[0-9a-f]{${MIN_ID_PREFIX},64}$`);

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

/** Applies a schema; the first issue becomes the error. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    throw new T2lError(
      'field_unknown',
      400,
      `${issue.keys.join(', ')}: not known here. /openapi.json lists the fields.`,
    );
  }
  throw new T2lError(codeOf(issue), 400, issue?.message ?? 'The request has the wrong form.');
}

function codeOf(issue: z.core.$ZodIssue | undefined): ErrorCode {
  if (issue?.code === 'custom' && issue.params?.code !== undefined) {
    return issue.params.code as ErrorCode;
  }
  const [field, index] = issue?.path ?? [];
  if (field === 'embedding' && index !== undefined) {
    return 'embedding_not_finite';
  }
  return FIELD_CODES[String(field)] ?? 'body_not_object';
}
