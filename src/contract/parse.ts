/**
 * The door: applying the schemas of requests/. What passes is never checked again; the first issue
 * becomes a T2lError with the code that the failed rule carries, or with the code of its field.
 */
import type * as z from 'zod';
import type { ErrorCode } from './error-codes.ts';
import { T2lError } from './errors.ts';

/** The code of an issue whose rule carries none. */
const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  description: 'description_not_text',
  embedding: 'embedding_not_numbers',
  dtype: 'dtype_unknown',
  precision: 'precision_unknown',
  strength: 'strength_not_number',
  hypernet: 'hypernet_malformed',
  base_model: 'base_model_malformed',
  q: 'search_too_long',
  limit: 'limit_out_of_range',
  days: 'days_out_of_range',
  cursor: 'cursor_malformed',
  name: 'name_malformed',
  version: 'version_malformed',
  digest: 'digest_malformed',
  rollback: 'activation_ambiguous',
  expected: 'digest_malformed',
  reason: 'reason_malformed',
  percent: 'percent_out_of_range',
  paths: 'paths_malformed',
  search: 'search_too_long',
  sort: 'sort_unknown',
  direction: 'sort_unknown',
  expand: 'flag_malformed',
  refuse: 'flag_malformed',
  later: 'flag_malformed',
  unlisted: 'flag_malformed',
  allow_unfit: 'flag_malformed',
  requests: 'batch_malformed',
  scopes: 'scopes_malformed',
  expires_in_days: 'lifetime_malformed',
  daily_adapters: 'quota_malformed',
};

/** Applies a schema; the first issue becomes the error. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    throw new T2lError(
      'field_unknown',
      `${issue.keys.join(', ')}: not known here. /openapi.json lists the fields.`,
    );
  }
  throw new T2lError(codeOf(issue), issue?.message ?? 'The request has the wrong form.');
}

function codeOf(issue: z.core.$ZodIssue | undefined): ErrorCode {
  if (issue?.code === 'custom' && issue.params?.code !== undefined) {
    return issue.params.code as ErrorCode;
  }
  const [field, index] = issue?.path ?? [];
  if (field === 'embedding' && index !== undefined) {
    return 'embedding_not_finite';
  }
  return FIELD_CODES[String(field)] ?? 'body_not_object';
}
