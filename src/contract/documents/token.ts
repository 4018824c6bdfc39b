/** The documents of tokens. The token itself is in one answer only, that to its creation. */
import * as z from 'zod';
import { SCOPES } from '../scopes.ts';
import { component, instant } from './values.ts';

const members = {
  id: z.string().meta({ description: 'The first digits of its sha256; names it for revoking.' }),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  daily_adapters: z.int().nullable(),
  created_at: instant,
  expires_at: instant.nullable(),
  revoked_at: instant.nullable(),
};

export const tokenSchema = component('Token', z.object(members));

/** What its creation answers with. */
export const createdTokenSchema = component(
  'CreatedToken',
  z.object({
    ...members,
    token: z.string().meta({ description: 'Shown once: only its sha256 is kept.' }),
  }),
);

export const tokenListSchema = component('TokenList', z.object({ tokens: z.array(tokenSchema) }));
