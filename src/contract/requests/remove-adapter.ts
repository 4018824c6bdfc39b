/** `DELETE /v1/adapters/{id}`: whether what is removed may be made again. */
import * as z from 'zod';

export const removeAdapterSchema = z.strictObject({
  refuse: z
    .enum(['true', 'false'], { error: 'refuse must be true or false.' })
    .optional()
    .meta({ description: 'Make nothing of its description again.' }),
});
