/** What routes that serve files have in common in the description of the API. */
import * as z from '../described.ts';

const binary = z.string().openapi({ format: 'binary' });

/** The types of files: weights, configurations, model cards. */
export const FILE_CONTENT = {
  'application/octet-stream': { schema: binary },
  'application/json': { schema: z.looseObject({}) },
  'text/markdown': { schema: z.string() },
};

/** A range has the type of its file, though it is seldom a document of that type. */
export const RANGE_CONTENT = {
  'application/octet-stream': { schema: binary },
  'application/json': { schema: binary },
  'text/markdown': { schema: binary },
};

/** Conditions and ranges. A header that makes no sense is ignored, as RFC 9110 asks, but for Range. */
export const FILE_HEADERS = z.object({
  'If-None-Match': z
    .string()
    .optional()
    .openapi({ description: 'Entity tags; if the file has one of them the answer is 304.' }),
  Range: z.string().optional().openapi({
    description:
      '`bytes=<first>-<last>`, `bytes=<first>-` or `bytes=-<length of the end>`. Several ranges and other units get the whole file.',
  }),
  'If-Range': z
    .string()
    .optional()
    .openapi({ description: 'An entity tag; if it is not the one of the file, Range is ignored.' }),
});

/** The same, and If-Match. */
export const IMMUTABLE_FILE_HEADERS = FILE_HEADERS.extend({
  'If-Match': z.string().optional().openapi({
    description: 'Entity tags or `*`; if the file has none of them the answer is 412.',
  }),
});
