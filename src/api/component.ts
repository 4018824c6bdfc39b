/** Names of schemas in the OpenAPI document. */
// For its types: it gives every schema a method `openapi`.
import type {} from '@hono/zod-openapi';
import type * as z from 'zod';

/**
 * A schema that the OpenAPI document lists under a name. Only where there is a generator: the Worker
 * imports @hono/zod-openapi before it imports documents, the SDK never does.
 */
export function component<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  return 'openapi' in schema ? schema.openapi(name) : schema;
}
