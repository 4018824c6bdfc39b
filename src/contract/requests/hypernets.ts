/** `/v1/hypernets`: the bodies that register a bundle and choose the version that answers. */
import * as z from 'zod';
import { component } from '../documents/values.ts';
import { digestSchema, nameSchema, versionSchema } from './names.ts';

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
