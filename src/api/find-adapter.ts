/** The adapter that the `{id}` of a path names: by its id, or by the first digits of it. */
import { z } from '@hono/zod-openapi';
import { T2lError } from '../errors.ts';
import { MIN_ID_PREFIX } from '../limits.ts';
import type { AdapterStore } from '../store/adapters.ts';
import type { AdapterRow } from '../store/schema.ts';
import { ADAPTER_ID } from './docs/names.ts';
import { parseAdapterId } from './requests/names.ts';

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

/** The row that an id or a unique prefix of one names. */
export async function findAdapter(adapters: AdapterStore, text: string): Promise<AdapterRow> {
  const { id, whole } = parseAdapterId(text);
  const rows = whole ? [await adapters.get(id)] : await adapters.findByPrefix(id);
  const [row] = rows;
  if (rows.length > 1) {
    throw new T2lError(
      'adapter_prefix_ambiguous',
      409,
      `Several adapter ids begin with ${id}; send more digits.`,
    );
  }
  if (row === undefined) {
    throw new T2lError(
      'adapter_unknown',
      404,
      `There is no adapter ${id}; POST /v1/adapters makes one.`,
    );
  }
  return row;
}
