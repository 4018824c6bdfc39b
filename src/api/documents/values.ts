/**
 * Values that several documents have. Documents are plain zod, annotated by `.meta()`, and get their
 * names in the description of the API by `component()`: the SDK parses answers with the same schemas
 * and must not carry a generator of OpenAPI documents.
 */
import * as z from 'zod';

/** A sha256, a digest or an adapter id. */
export const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

/** A moment, as ISO 8601 in UTC. */
export const instant = z.iso.datetime();
