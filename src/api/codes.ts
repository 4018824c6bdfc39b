/** Groups of error codes that several routes may answer with. */
import type { ErrorCode } from '../contract/error-codes.ts';

/** An id that names no adapter. */
export const ID_CODES = [
  'adapter_id_malformed',
  'adapter_unknown',
  'adapter_prefix_ambiguous',
] as const satisfies readonly ErrorCode[];

/** A call that requireAdmin refuses. */
export const ADMIN_CODES = [
  'admin_token_missing',
  'admin_token_wrong',
  'admin_disabled',
] as const satisfies readonly ErrorCode[];

/** A body that cannot be read as an object. */
export const OBJECT_CODES = [
  'json_malformed',
  'body_incomplete',
  'body_not_object',
  'body_too_large',
  'content_type_unsupported',
  'content_encoding_unsupported',
] as const satisfies readonly ErrorCode[];

/** A body that readBody refuses. */
export const BODY_CODES = [
  ...OBJECT_CODES,
  'field_unknown',
] as const satisfies readonly ErrorCode[];

/** A bundle that cannot be used. */
export const BUNDLE_CODES = [
  'bundle_missing_file',
  'bundle_digest_mismatch',
  'bundle_schema_unsupported',
  'bundle_graph_invalid',
] as const satisfies readonly ErrorCode[];

/** A bundle that nobody signed who is trusted. */
export const SIGNATURE_CODES = [
  'bundle_unsigned',
  'bundle_key_untrusted',
  'bundle_signature_invalid',
  'trusted_keys_malformed',
] as const satisfies readonly ErrorCode[];

/** What making an adapter, for the first time or again, may end with. */
export const PRODUCE_CODES = [
  ...BUNDLE_CODES,
  'adapter_out_of_range',
  'adapter_outdated',
  'hypernet_unknown',
  'internal_error',
] as const satisfies readonly ErrorCode[];

/** What making an adapter from a description may end with, whatever way the request came. */
export const DESCRIPTION_CODES = [
  'rate_limited',
  'input_missing',
  'description_not_text',
  'description_empty',
  'description_too_long',
  'description_unsupported',
  'dtype_unknown',
  'precision_unknown',
  'precision_unavailable',
  'strength_not_number',
  'strength_out_of_range',
  'strength_unavailable',
  'hypernet_malformed',
  'hypernet_inactive',
  'hypernet_yanked',
  'encoder_not_configured',
  'encoder_unavailable',
  'encoder_timeout',
  'encoder_answer_invalid',
  'adapter_refused',
  'adapter_unfit',
  'flag_malformed',
  'moderation_refused',
  'moderation_unavailable',
  'moderation_misconfigured',
  ...PRODUCE_CODES,
] as const satisfies readonly ErrorCode[];
