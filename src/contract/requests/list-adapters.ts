/** `GET /v1/adapters`: what narrows the list, how long a page is, and where it begins. */
import * as z from 'zod';
import { CURSOR, cursorSchema, decodeCursor } from '../cursor.ts';
import {
  DEFAULT_PAGE,
  MAX_BASE_MODEL_CHARACTERS,
  MAX_PAGE,
  MAX_SEARCH_CHARACTERS,
} from '../limits.ts';
import { NAME, NAME_RULE } from './names.ts';

const LIMIT_ERROR = `limit must be a whole number from 1 to ${MAX_PAGE}.`;

/** The query of the request. */
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
    .meta({
      description:
        'Text that the description contains, in any case, however its accents and spaces are typed. A page looks through a bounded number of ' +
        'adapters, so it may be short or empty and still have a `next_cursor`.',
    }),
  unlisted: z
    .enum(['true', 'false'], { error: 'unlisted must be true or false.' })
    .optional()
    .meta({ description: 'true: those that lists leave out, in place of the others (admin).' }),
  limit: z.coerce
    .number({ error: LIMIT_ERROR })
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= MAX_PAGE, {
      error: LIMIT_ERROR,
    })
    .default(DEFAULT_PAGE)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: MAX_PAGE,
      description: 'Adapters in a page.',
    }),
  cursor: cursorSchema('the next_cursor of an earlier page', decodeCursor).optional().meta({
    type: 'string',
    pattern: CURSOR.source,
    description: 'The `next_cursor` of the page before.',
  }),
});
