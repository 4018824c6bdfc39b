/** `/v1/hypernets`: the bodies that register a bundle and choose the version that answers. */
import * as z from 'zod';
import { component } from '../documents/values.ts';
import { HEX_64 } from '../hex.ts';
import { MAX_REASON_CHARACTERS } from '../limits.ts';
import { digestSchema, nameSchema, versionSchema } from './names.ts';

/** `POST /v1/hypernets` */
export const registerHypernetSchema = component(
  'RegisterHypernet',
  z.strictObject({ name: nameSchema, version: versionSchema, digest: digestSchema }),
);

const EXPECTED_ERROR =
  'expected must be the digest that is active now, 64 lower-case hex digits, or null if none is.';
const REASON_ERROR = `reason must be one line of 1 to ${MAX_REASON_CHARACTERS} characters that does not begin with a space.`;
/** No control characters, no other ends of lines, and something to see at its beginning. */
const REASON_PATTERN =
  '^[^\\u0000-\\u0020\\u007f-\\u009f\\u2028\\u2029][^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$';
const REASON = new RegExp(REASON_PATTERN, 'u');

/** The field `reason`: why something is done, for whoever comes later. People see it on one line. */
export const reasonSchema = z
  .string({ error: REASON_ERROR })
  .refine(
    (reason) =>
      REASON.test(reason) && reason.isWellFormed() && [...reason].length <= MAX_REASON_CHARACTERS,
    { error: REASON_ERROR, params: { code: 'reason_malformed' } },
  )
  .meta({
    minLength: 1,
    maxLength: MAX_REASON_CHARACTERS,
    // Given here, because a pattern with flags is described with them.
    pattern: REASON_PATTERN,
    example: 'It answers in French.',
  });

/** The field `expected`. */
const expectedSchema = z
  .string({ error: EXPECTED_ERROR })
  .regex(new RegExp(`^${HEX_64}$`), { error: EXPECTED_ERROR })
  .nullable()
  .optional()
  .meta({
    description:
      'Digest that is active now, or null if none is. If another one is, and it is not the one that is ' +
      'wanted, nothing is changed and the answer is 409.',
  });

/** The members of an activation that say which version is meant. */
const TARGETS = ['version', 'digest', 'rollback'] as const;

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
        .meta({ description: 'Go back to the version that was active before; takes `expected`.' }),
      expected: expectedSchema,
      reason: reasonSchema
        .optional()
        .meta({ description: 'Why, for the history: `activations` of the document.' }),
    })
    .refine((body) => TARGETS.filter((target) => body[target] !== undefined).length === 1, {
      error: 'Send exactly one of version, digest and rollback.',
      params: { code: 'activation_ambiguous' },
    })
    // Sent twice, a rollback would bring back what it was to get rid of.
    .refine((body) => body.rollback === undefined || body.expected !== undefined, {
      error:
        'A rollback must name what it goes back from: send expected, the digest that is active now.',
      params: { code: 'activation_ambiguous' },
    })
    .meta({
      oneOf: [
        { required: ['version'], not: { required: ['rollback'] } },
        { required: ['digest'], not: { required: ['rollback'] } },
        {
          required: ['rollback', 'expected'],
          not: { anyOf: [{ required: ['version'] }, { required: ['digest'] }] },
        },
      ],
    }),
);

/** `PUT /v1/hypernets/{name}/versions/{version}/yanked` */
export const yankHypernetSchema = component(
  'YankHypernet',
  z.strictObject({
    reason: reasonSchema.meta({ description: 'Told to whoever asks for the version.' }),
  }),
);

const PERCENT_ERROR = 'percent must be a whole number from 1 to 99.';

/** `PUT /v1/hypernets/{name}/canary` */
export const canarySchema = component(
  'SetCanary',
  z
    .strictObject({
      version: versionSchema.optional(),
      digest: digestSchema.optional(),
      percent: z
        .int({ error: PERCENT_ERROR })
        .min(1, { error: PERCENT_ERROR })
        .max(99, { error: PERCENT_ERROR })
        .meta({ description: 'Part of the descriptions that it answers for.', example: 10 }),
      expected: expectedSchema,
      reason: reasonSchema.optional().meta({ description: 'Why, for the history.' }),
    })
    .refine(({ version, digest }) => (version === undefined) !== (digest === undefined), {
      error: 'Send exactly one of version and digest.',
      params: { code: 'activation_ambiguous' },
    })
    .meta({ oneOf: [{ required: ['version'] }, { required: ['digest'] }] }),
);
