/** Examples of bodies to send, by the name of their schema in the description of the API. */
import type * as z from 'zod';
import { ANOTHER_EXAMPLE, EXAMPLE } from '../../../contract/examples.ts';
import type { createAdapterSchema } from '../../../contract/requests/create-adapter.ts';
import type {
  activateHypernetSchema,
  registerHypernetSchema,
} from '../../../contract/requests/hypernets.ts';
import { DIGEST } from '../names.ts';
import { WEIGHTS } from './hub.ts';
import { HYPERNET } from './hypernet.ts';

const createAdapter: Record<string, z.input<typeof createAdapterSchema>> = {
  'A sentence': { description: EXAMPLE },
  'With options': {
    description: ANOTHER_EXAMPLE,
    hypernet: HYPERNET.name,
    dtype: 'bfloat16',
    precision: 'int8',
    strength: 1.25,
  },
};

const registerHypernet: Record<string, z.input<typeof registerHypernetSchema>> = {
  'A bundle in the bucket': { ...HYPERNET, version: '1.1.0' },
};

const activateHypernet: Record<string, z.input<typeof activateHypernetSchema>> = {
  'A version': { version: '1.1.0' },
  'A digest': { digest: DIGEST },
  'The version before': { rollback: true },
};

/** Component -> summary -> a body to send. */
export const REQUEST_EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  CreateAdapter: createAdapter,
  RegisterHypernet: registerHypernet,
  ActivateHypernet: activateHypernet,
  PathsInfo: { 'One file': { paths: [WEIGHTS], expand: false } },
};
