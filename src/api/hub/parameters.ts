/** Path and query parameters of the routes of the Hub's protocol, and the codes they may end with. */

import { cursorSchema, decodeCursor } from '../../contract/cursor.ts';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { MAX_PAGE, MAX_SEARCH_CHARACTERS } from '../../contract/limits.ts';
import * as z from '../described.ts';

function inPath(name: string, description: string): z.ZodString {
  return z.string().openapi({ param: { name, in: 'path' }, description });
}

/** The two halves of a repository's id. */
export const REPOSITORY_PARAMETERS = z.object({
  namespace: inPath('namespace', 'The owner; `t2l` for adapters and hypernetworks.'),
  name: inPath('name', 'An adapter id, its first 12 or more digits, or a hypernetwork.'),
});

/** A repository and a revision of it. */
export const REVISION_PARAMETERS = REPOSITORY_PARAMETERS.extend({
  revision: inPath(
    'revision',
    '`main`, `HEAD`, a tag or a commit of 40 hex digits, percent-encoded.',
  ),
});

/** A repository, a revision and a path, which may have slashes. */
export const FILE_PARAMETERS = REVISION_PARAMETERS.extend({
  path: inPath('path', 'Path of a file; may have slashes.'),
});

/** Whatever follows a prefix. */
export const REST_PARAMETERS = z.object({
  path: inPath('path', 'The rest of the path; may have slashes.'),
});

/** A flag as any release of the clients writes it. */
const flag = z
  .string()
  .optional()
  .refine((text) => text === undefined || /^(true|false|1|0)$/i.test(text), {
    error: 'A flag must be true or false.',
    params: { code: 'flag_malformed' },
  })
  .transform((text) => /^(true|1)$/i.test(text ?? ''))
  .openapi({ type: 'boolean' });

/** `?blobs=&securityStatus=&expand=` */
export const infoQuerySchema = z.object({
  blobs: flag,
  securityStatus: flag,
  expand: z
    .array(z.string())
    .default([])
    .openapi({ description: 'Only these properties; may be repeated, also as `expand[]`.' }),
});

/** `?recursive=&expand=` */
export const treeQuerySchema = z.object({ recursive: flag, expand: flag });

/** Orders in which the newest come first, and numbers that are equal for all adapters. */
const SORTS = ['createdAt', 'lastModified', 'downloads', 'likes', 'trendingScore'] as const;

function spelled(sort: string): string {
  return sort.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/**
 * `min:6B,max:128B`, either half alone too; an empty value says nothing. It is the pattern of the API's
 * description, so whatever it matches has a meaning.
 */
const SIZES =
  /^(?:min:([0-9]+(?:\.[0-9]+)?)([KMBTkmbt]?),?)?(?:max:([0-9]+(?:\.[0-9]+)?)([KMBTkmbt]?))?$/;
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** The bounds of `num_parameters`; undefined if it is malformed. */
function boundsOf(text: string): { readonly min: number; readonly max: number } | undefined {
  const match = SIZES.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, min = '0', minUnit = '', max = 'Infinity', maxUnit = ''] = match;
  return { min: sizeOf(min, minUnit), max: sizeOf(max, maxUnit) };
}

function sizeOf(digits: string, unit: string): number {
  return Number(digits) * (SIZE_UNITS[unit.toUpperCase()] ?? 1);
}

/** `/api/models`; clients send more parameters than these, which change nothing here. */
export const listQuerySchema = z.object({
  expand: z
    .array(z.string())
    .default([])
    .openapi({ description: 'Only these properties of each model; may be repeated.' }),
  full: flag,
  cardData: flag,
  config: flag,
  gated: flag.openapi({ description: 'Nothing is gated here: `true` finds nothing.' }),
  apps: z.array(z.string()).default([]).openapi({ description: 'Finds nothing.' }),
  inference: z.string().optional().openapi({ description: 'Finds nothing.' }),
  inference_provider: z.array(z.string()).default([]).openapi({ description: 'Finds nothing.' }),
  num_parameters: z
    .string()
    .transform((text, context) => {
      const bounds = boundsOf(text);
      if (bounds === undefined) {
        context.addIssue({
          code: 'custom',
          message: 'num_parameters must be bounds such as min:10K,max:2M; one of them will do.',
          params: { code: 'parameters_malformed' },
        });
        return z.NEVER;
      }
      return bounds;
    })
    .optional()
    .openapi({ type: 'string', pattern: SIZES.source }),
  author: z.string().optional().openapi({ description: 'The owner; `t2l` has all adapters.' }),
  search: z
    .string()
    .max(MAX_SEARCH_CHARACTERS, {
      error: `search must have at most ${MAX_SEARCH_CHARACTERS} characters.`,
    })
    .optional()
    .openapi({ description: 'Text in the description, or the beginning of an id.' }),
  filter: z
    .array(z.string())
    .default([])
    .openapi({ description: 'Tags that all must be there; may be repeated.' }),
  sort: z
    .string()
    .transform(spelled)
    .pipe(z.enum(SORTS, { error: `sort must be one of ${SORTS.join(', ')}.` }))
    .optional()
    .openapi({ type: 'string', enum: [...SORTS] }),
  direction: z
    .literal('-1', { error: 'direction must be -1: the list goes downwards only.' })
    .optional(),
  limit: z.coerce
    .number({ error: 'limit must be a whole number from 1.' })
    .refine((value) => Number.isInteger(value) && value >= 1, {
      error: 'limit must be a whole number from 1.',
    })
    // As on the Hub: whoever wants more follows the link to the next page.
    .transform((value) => Math.min(value, MAX_PAGE))
    .default(MAX_PAGE)
    .openapi({ type: 'integer', minimum: 1 }),
  cursor: cursorSchema('the one of the Link header of an earlier page', decodeCursor)
    .optional()
    .meta({ type: 'string' }),
});

/** A flag of a body: JSON has true and false, a form has words for them. */
function spelledFlag(value: unknown): unknown {
  return /^(true|1)$/i.test(String(value)) || (/^(false|0)$/i.test(String(value)) ? false : value);
}

const PATHS_RULE = 'paths must be a list of paths in the repository.';

/** The body of paths-info, JSON or form. */
export const pathsBodySchema = z
  .object({
    paths: z.preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(z.string({ error: PATHS_RULE }), { error: PATHS_RULE }),
    ),
    expand: z.preprocess(
      (value) => spelledFlag(value ?? false),
      z.boolean({ error: 'expand must be true or false.' }),
    ),
  })
  .openapi('PathsInfo');

/** A repository of another hub, when none is configured or it does not answer. */
export const UPSTREAM_CODES = [
  'repository_unknown',
  'upstream_misconfigured',
] as const satisfies readonly ErrorCode[];

/** A HEAD that upstream is asked for. */
export const UPSTREAM_HEAD_CODES = [
  'revision_unknown',
  'entry_unknown',
  'upstream_refused',
  'upstream_failed',
  'upstream_timeout',
] as const satisfies readonly ErrorCode[];
