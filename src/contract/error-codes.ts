/**
 * Every error code of the API: its status and what it means. The OpenAPI document is made from this
 * table and a test checks it against the sources, so a code cannot appear anywhere unless it is here.
 */

/**
 * Code -> HTTP statuses and title. A released code keeps its meaning and its statuses. Bundle errors
 * have two: 500 when a bundle of this endpoint is broken, 422 when a registration brings a broken one.
 */
export const ERROR_CODES = {
  // The request as a whole.
  json_malformed: [[400], 'The body is not JSON'],
  body_incomplete: [[400], 'The body was not sent whole'],
  body_not_object: [[400], 'The body is not a JSON object'],
  body_too_large: [[413], 'The body is too large'],
  content_type_unsupported: [[415], 'The content type is not JSON'],
  content_encoding_unsupported: [[415], 'The body is encoded'],
  field_unknown: [[400], 'A field is not known'],
  parameter_repeated: [[400], 'A query parameter stands more than once'],
  route_unknown: [[404], 'There is nothing at this path'],
  method_not_allowed: [[405], 'The path does not take this method'],
  token_missing: [[401], 'The call takes a token'],
  token_invalid: [[401], 'The token is not, or no longer, one of this endpoint'],
  scope_missing: [[403], 'The token has not the scope for the call'],
  rate_limited: [[429], 'Too many requests in too short a time'],
  overloaded: [[503], 'Too many adapters are being made'],
  quota_exhausted: [[429], 'No more adapters are made today'],

  // What an adapter is made from.
  input_missing: [[400], 'Neither description nor embedding'],
  input_ambiguous: [[400], 'Both description and embedding'],
  description_not_text: [[400], 'The description is not text'],
  description_empty: [[400], 'The description is empty'],
  description_too_long: [[400], 'The description is too long'],
  description_unsupported: [[400], 'The hypernetwork takes embeddings only'],
  batch_malformed: [[400], 'The batch is not a list of requests'],
  queue_unavailable: [[422], 'The endpoint has no queue'],
  embedding_not_numbers: [[400], 'The embedding is not a list of numbers'],
  embedding_not_finite: [[400], 'The embedding has a number that is not finite'],
  embedding_wrong_dimension: [[400], 'The embedding has the wrong length'],
  dtype_unknown: [[400], 'The dtype is not known'],
  precision_unknown: [[400], 'The precision is not known'],
  strength_not_number: [[400], 'The strength is not a number'],
  strength_out_of_range: [[400], 'The strength is out of range'],
  hypernet_malformed: [[400], 'The hypernetwork is not named properly'],
  hypernet_unknown: [[404], 'There is no such hypernetwork'],
  hypernet_inactive: [[409], 'The hypernetwork has no active version'],

  precision_unavailable: [[422], 'The hypernetwork has no graph of this precision'],
  strength_unavailable: [[422], 'The hypernetwork makes no adapters of this strength'],
  adapter_out_of_range: [[422], 'The generated weights must not be used'],
  adapter_unfit: [[422], 'The adapter is not expected to work'],
  moderation_refused: [[422], 'The moderation of the endpoint refuses the description'],
  moderation_unavailable: [[503], 'The moderation of the endpoint gave no usable answer'],
  moderation_misconfigured: [[500], 'The moderation of the endpoint is not set up properly'],

  // Reading adapters.
  adapter_id_malformed: [[400], 'The adapter id is malformed'],
  adapter_prefix_ambiguous: [[409], 'Several adapter ids begin like this'],
  adapter_refused: [[410], 'The adapter was removed for good'],
  adapter_unknown: [[404], 'There is no such adapter'],
  file_unknown: [[404], 'The adapter has no such file'],
  adapter_outdated: [[410], 'The adapter is of an earlier version and its files are gone'],
  layout_unknown: [[400], 'The layout is not known'],
  layout_unavailable: [[422], 'The adapter cannot be had in this layout'],
  range_malformed: [[416], 'The Range header is malformed'],
  range_unsatisfiable: [[416], 'The range lies outside the file'],
  precondition_failed: [[412], 'The file is not the expected one'],
  limit_out_of_range: [[400], 'The limit is out of range'],
  days_out_of_range: [[400], 'The number of days is out of range'],
  cursor_malformed: [[400], 'The cursor is malformed'],
  search_too_long: [[400], 'The search text is too long'],
  base_model_unknown: [[404], 'There is no file of the base model here'],
  base_model_malformed: [[400], 'The base model is not named properly'],

  // The protocol of the Hugging Face Hub.
  repository_unknown: [[404], 'There is no such repository'],
  revision_unknown: [[404], 'The repository has no such revision'],
  entry_unknown: [[404], 'The repository has nothing at this path'],
  paths_malformed: [[400], 'The paths are not a list of paths'],
  sort_unknown: [[400], 'The list cannot be sorted like this'],
  parameters_malformed: [[400], 'The bounds of the parameters are malformed'],
  flag_malformed: [[400], 'A flag is neither true nor false'],
  users_unknown: [[401], 'This endpoint has no users'],
  adapter_remaking: [[503], 'The files of the adapter are being made again'],
  upstream_misconfigured: [[500], 'The address of the other hub is wrong'],
  upstream_refused: [[401, 403, 429], 'The other hub refuses the request'],
  upstream_failed: [[502], 'The other hub gave no usable answer'],
  upstream_timeout: [[504], 'The other hub took too long'],

  // Administration.
  admin_token_missing: [[401], 'The call needs the admin token'],
  admin_token_wrong: [[403], 'The admin token is wrong'],
  admin_disabled: [[403], 'This endpoint has no admin token'],
  name_malformed: [[400], 'The name is malformed'],
  name_reserved: [[400], 'The name is reserved'],
  scopes_malformed: [[400], 'The scopes of the token are malformed'],
  lifetime_malformed: [[400], 'The lifetime of the token is malformed'],
  quota_malformed: [[400], 'The daily number of adapters is malformed'],
  token_unknown: [[404], 'There is no such token'],
  version_malformed: [[400], 'The version is malformed'],
  digest_malformed: [[400], 'The digest is malformed'],
  activation_ambiguous: [[400], 'It is not clear which version is meant'],
  hypernet_version_taken: [[409], 'The version is registered with another digest'],
  hypernet_no_previous: [[409], 'There is no version to go back to'],
  hypernet_not_expected: [[409], 'Another version is active than the caller expects'],
  hypernet_yanked: [[410], 'The version makes no new adapters any more'],
  hypernet_active: [[409], 'The version is active'],
  percent_out_of_range: [[400], 'The percentage is out of range'],
  reason_malformed: [[400], 'The reason is not a line of text'],

  trusted_keys_malformed: [[500], 'The trusted keys of the endpoint are malformed'],

  // Bundles.
  bundle_missing_file: [[422, 500], 'A file of the bundle is missing'],
  bundle_digest_mismatch: [[422, 500], 'A file of the bundle is not the one the manifest lists'],
  bundle_schema_unsupported: [[422, 500], 'The manifest does not follow a supported schema'],

  bundle_graph_invalid: [[422, 500], 'A graph of the bundle is not what the manifest says'],
  bundle_unsigned: [[422], 'The bundle has no signature'],
  bundle_key_untrusted: [[422], 'The bundle is signed with a key that is not trusted here'],
  bundle_signature_invalid: [[422], 'The signature is not of this bundle'],

  // Encoders that run elsewhere.
  encoder_not_configured: [[503], 'The encoder of the hypernetwork is not configured here'],
  encoder_unavailable: [[502], 'The encoder could not be reached'],
  encoder_timeout: [[504], 'The encoder took too long'],
  encoder_answer_invalid: [[502], 'The encoder gave no usable vector'],

  // Tools that read adapters and models from disk; no route answers with it.
  safetensors_invalid: [[422], 'The file is not a safetensors file'],

  // Clients, of what they are told or not told; no route answers with these.
  endpoint_malformed: [[400], 'The endpoint is not an address'],
  token_malformed: [[400], 'The token cannot be sent'],
  endpoint_unreachable: [[503], 'The endpoint gave no answer'],
  endpoint_redirected: [[502], 'The endpoint is somewhere else'],
  answer_html: [[502], 'The answer is a web page'],
  answer_not_json: [[502], 'The answer is not JSON'],
  answer_unexpected: [[502], 'The answer is not the expected document'],
  download_corrupt: [[502], 'The downloaded file is not the expected one'],

  // Generating in a page; no route answers with these.
  device_unknown: [[400], 'The device is not known'],
  webgpu_unavailable: [[422], 'The browser has no WebGPU here'],
  browser_unsupported: [[422], 'The browser lacks what is needed'],
  runtime_unavailable: [[503], 'ONNX Runtime cannot be started'],
  hypernet_closed: [[409], 'The hypernetwork was closed'],

  // Publishing to Workers AI, which a person or a program does; no route answers with these.
  publish_unsuitable: [[422], 'Workers AI cannot take the adapter'],
  publish_unauthorized: [[403], 'Cloudflare does not accept the token'],
  publish_target_unknown: [[404], 'Cloudflare does not know the account, model or fine-tune'],
  publish_conflict: [[409], 'The name is taken by another fine-tune'],
  publish_full: [[409], 'The account has no room for another fine-tune'],
  publish_refused: [[422], 'Cloudflare refused the fine-tune or a file of it'],
  publish_rate_limited: [[429], 'Cloudflare takes no more calls for now'],
  publish_unavailable: [[502], 'Cloudflare could not do it'],
  publish_interrupted: [[502], 'The connection to Cloudflare failed'],
  publish_answer_invalid: [[502], 'Cloudflare gave no usable answer'],

  // Releasing a hypernetwork; no route answers with these.
  environment_incomplete: [[400], 'The environment does not say where to release to'],
  bundle_misplaced: [[422], 'The folder of the bundle has another name than the bundle'],
  manifest_not_canonical: [[422], 'The manifest does not have its one form of bytes'],
  canary_missing: [[409], 'There is no canary to promote'],
  canary_unproven: [[409], 'The canary has not shown yet that it works'],
  signing_key_invalid: [[400], 'The signing key cannot be used'],
  key_file_taken: [[409], 'There is a file at the place of the key'],
  figures_regressed: [[422], 'The bundle was measured worse than the active one'],
  figures_unproven: [[422], 'The bundle answers worse than its manifest says'],
  golden_mismatch: [[422], 'The bundle does not compute what was measured'],
  object_taken: [[409], 'The bucket holds something else at this place'],
  bucket_failed: [[502], 'The bucket did not take a file'],
  trial_failed: [[502], 'The released hypernetwork does not answer as it should'],
  endpoint_failed: [[500], 'The local endpoint failed'],

  // The command line and local operation; no route answers with these.
  usage_invalid: [[400], 'The command line is wrong'],
  folder_occupied: [[400], 'The folder holds something else'],
  folder_unknown: [[404], 'The folder is not one of an adapter'],
  hypernets_folder_empty: [[422], 'The folder holds no bundle'],
  local_row_invalid: [[500], 'A row of the local store cannot be read'],
  miniflare_missing: [[422], 'What serving needs is not installed'],
  worker_missing: [[422], 'The Worker is not built'],
  base_model_unavailable: [[422], 'The base model does not run here'],
  base_model_unreachable: [[503], 'The base model cannot be fetched from here'],
  base_model_invalid: [[422], 'The file of the base model cannot be used'],
  model_input_invalid: [[400], 'The base model cannot be asked this'],

  // Failures that are not the caller's.
  adapter_bytes_changed: [[500], 'The adapter could not be made again with the same bytes'],
  store_unavailable: [[503], 'What is stored cannot be reached'],
  internal_error: [[500], 'Something went wrong here'],
  unhealthy: [[503], 'The endpoint cannot work'],
} as const satisfies Record<string, readonly [statuses: readonly number[], title: string]>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether a string is one of the codes of the API. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
