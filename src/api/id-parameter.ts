/** The `{id}` of a path that names an adapter. */

import { MIN_ID_PREFIX } from '../contract/limits.ts';
import * as z from './described.ts';
import { ADAPTER_ID } from './docs/names.ts';

/** The path parameter of an adapter. */
export const ID_PARAMETER = z.object({
  id: z.string().openapi({
    param: { name: 'id', in: 'path' },
    pattern: `^[0-9A-Fa-f]{${MIN_ID_PREFIX},64}$`,
    example: ADAPTER_ID,
    description:
      'The 64 hex digits of the adapter id; the first 12 or more will do, in either case, and so will the name of its repository.',
  }),
});
