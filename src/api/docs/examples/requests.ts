/** Examples of bodies to send, by the name of their schema in the description of the API. */
import type * as z from 'zod';
import { ANOTHER_EXAMPLE, EXAMPLE } from '../../../contract/examples.ts';
import type { createAdapterSchema } from '../../../contract/requests/create-adapter.ts';
import type {
  activateHypernetSchema,
  canarySchema,
  registerHypernetSchema,
  yankHypernetSchema,
} from '../../../contract/requests/hypernets.ts';
import type { createTokenSchema } from '../../../contract/requests/tokens.ts';
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
  'A digest': { digest: DIGEST, expected: null },
  'The version before': { rollback: true, expected: DIGEST, reason: 'It answers in French.' },
};

const yankHypernet: Record<string, z.input<typeof yankHypernetSchema>> = {
  'A bad version': { reason: 'It answers in French.' },
};

const setCanary: Record<string, z.input<typeof canarySchema>> = {
  'A tenth': { version: '1.1.0', percent: 10, expected: DIGEST },
};

const createToken: Record<string, z.input<typeof createTokenSchema>> = {
  'To read and to make': {
    name: 'the evaluation team',
    scopes: ['generate'],
    expires_in_days: 90,
    daily_adapters: 500,
  },
  'To read, for as long as it is not revoked': { name: 'a mirror', scopes: ['read'] },
};

/** Component -> summary -> a body to send. */
export const REQUEST_EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  CreateAdapter: createAdapter,
  RegisterHypernet: registerHypernet,
  ActivateHypernet: activateHypernet,
  YankHypernet: yankHypernet,
  SetCanary: setCanary,
  CreateToken: createToken,
  Batch: {
    'Two sentences': { requests: [{ description: EXAMPLE }, { description: ANOTHER_EXAMPLE }] },
  },
  PathsInfo: { 'One file': { paths: [WEIGHTS], expand: false } },
};
