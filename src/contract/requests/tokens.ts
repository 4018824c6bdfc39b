/** `POST /v1/tokens`: the token that the administrator gives out. */
import * as z from 'zod';
import { component } from '../documents/values.ts';
import { MAX_DAILY_ADAPTERS, MAX_TOKEN_DAYS, MAX_TOKEN_NAME_CHARACTERS } from '../limits.ts';
import { SCOPES } from '../scopes.ts';

const NAME_ERROR = `name must be a text of 1 to ${MAX_TOKEN_NAME_CHARACTERS} characters that says whose the token is.`;
const SCOPES_ERROR = `scopes must be a list of some of ${SCOPES.join(', ')}.`;
const DAYS_ERROR = `expires_in_days must be a whole number from 1 to ${MAX_TOKEN_DAYS}.`;
const DAILY_ERROR = `daily_adapters must be a whole number from 0 to ${MAX_DAILY_ADAPTERS}.`;

export const createTokenSchema = component(
  'CreateToken',
  z.strictObject({
    name: z
      .string({ error: NAME_ERROR })
      .trim()
      .min(1, { error: NAME_ERROR })
      .max(MAX_TOKEN_NAME_CHARACTERS, { error: NAME_ERROR })
      .meta({ example: 'the evaluation team' }),
    scopes: z
      .array(z.enum(SCOPES, { error: SCOPES_ERROR }), { error: SCOPES_ERROR })
      .min(1, { error: SCOPES_ERROR })
      .max(SCOPES.length, { error: SCOPES_ERROR })
      .meta({ description: 'Each has those before it: read, generate, admin.' }),
    expires_in_days: z
      .int({ error: DAYS_ERROR })
      .min(1, { error: DAYS_ERROR })
      .max(MAX_TOKEN_DAYS, { error: DAYS_ERROR })
      .optional()
      .meta({ description: 'Left out: it does not expire.' }),
    daily_adapters: z
      .int({ error: DAILY_ERROR })
      .min(0, { error: DAILY_ERROR })
      .max(MAX_DAILY_ADAPTERS, { error: DAILY_ERROR })
      .optional()
      .meta({ description: 'Adapters that may be made with it in a day of UTC.' }),
  }),
);
