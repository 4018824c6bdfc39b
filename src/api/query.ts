/**
 * Reads a query string. A parameter that stands twice is refused: proxies, caches and frameworks take
 * the first or the last as they like, and none of them says so.
 */
import type { Context } from 'hono';
import type * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { parse } from '../contract/parse.ts';
import type { AppEnv } from './route.ts';

/** The query of a request, parsed by `schema`. */
export function readQuery<Schema extends z.ZodType>(
  c: Context<AppEnv>,
  schema: Schema,
): z.output<Schema> {
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1) {
      throw new T2lError(
        'parameter_repeated',
        `${name} stands ${values.length} times in the query; send it once.`,
      );
    }
  }
  return parse(schema, c.req.query());
}
