/**
 * What several documents need. Documents are plain zod, annotated by `.meta()`, and get their names in
 * the description of the API by `component()`: the SDK parses answers with the same schemas and must
 * not carry a generator of OpenAPI documents.
 */
// For its types: it gives every schema a method `openapi`.
import type {} from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';

/**
 * A schema that the OpenAPI document lists under a name. Only where there is a generator: the Worker
 * extends zod (api/described.ts) before it imports documents, the SDK never does.
 */
export function component<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  return 'openapi' in schema ? schema.openapi(name) : schema;
}

/** A moment, as ISO 8601 in UTC. */
export const instant = z.iso.datetime();
