/**
 * For every code that a route answers with, a sentence as the endpoint says it: the examples of errors
 * in the description of the API. A code without one is caught by test/api/docs-examples.test.ts.
 */
import type { ErrorCode } from '../../contract/error-codes.ts';
import { ADAPTER_ID, DIGEST } from './names.ts';

/** Code -> the `detail` of an example. */
export const DETAILS: Readonly<Partial<Record<ErrorCode, string>>> = {
  json_malformed: 'The body must be JSON in UTF-8.',
  body_incomplete: 'The body must be sent whole: it ended early.',
  body_not_object: 'The body must be a JSON object.',
  body_too_large: 'The body must have at most 131,072 bytes.',
  content_type_unsupported: 'Send the header "Content-Type: application/json" and a JSON object.',
  content_encoding_unsupported: 'Send the body as it is, without the header "Content-Encoding".',
  field_unknown: 'strenght: not known here. /openapi.json lists the fields.',
  parameter_repeated: 'limit stands twice in the query; send it once.',
  route_unknown: 'There is nothing at /v1/adapter; /openapi.json lists every path.',
  method_not_allowed: '/v1/adapters takes POST, GET, HEAD, not PATCH.',

  token_missing:
    'Send the header "Authorization: Bearer <token>"; the administrator gives tokens out.',
  token_invalid: 'This token is expired; ask the administrator for another.',
  scope_missing: 'This call takes a token with the scope generate; this one has read.',
  store_unavailable: 'What is stored cannot be reached just now; retry in 5 seconds.',
  overloaded: '32 adapters are being made here; retry in 5 seconds.',
  quota_exhausted:
    'The 2000 adapters that all who send no token may have made in a day are made; the next day begins in 21600 seconds.',
  scopes_malformed: 'scopes must be a list of some of read, generate, admin.',
  lifetime_malformed: 'expires_in_days must be a whole number from 1 to 3650.',
  quota_malformed: 'daily_adapters must be a whole number from 0 to 1000000.',
  token_unknown: 'There is no token of this id; GET /v1/tokens lists them.',

  input_missing: 'Send description, a sentence, or embedding, the vector of its encoder.',
  input_ambiguous: 'Send either description or embedding, not both.',
  description_not_text: 'description must be a string.',
  description_empty:
    'description must say what the adapter is to do, in at least one character that can be seen.',
  description_too_long: 'description must have at most 2000 characters.',
  description_unsupported: 'This hypernetwork takes embeddings only; send embedding.',
  batch_malformed: 'requests must be a list of 1 to 64 bodies of POST /v1/adapters.',
  queue_unavailable:
    'This endpoint has no queue: leave later out, and adapters are made as the answer is read.',
  embedding_not_numbers: 'embedding must be an array of numbers.',
  embedding_not_finite: 'Every number of embedding must be finite.',
  embedding_wrong_dimension: 'The embedding must have 384 numbers, not 3.',
  dtype_unknown: 'dtype must be one of float16, bfloat16, float32.',
  precision_unknown: 'precision must be one of float32, int8.',
  precision_unavailable: 'The hypernetwork has graphs for float32, not for int8.',
  strength_not_number: 'strength must be a number.',
  strength_out_of_range:
    'strength must lie between 0.05 and 8, or the same below 0; it is rounded to steps of 0.05.',
  hypernet_malformed: 'hypernet must be a name, name@version or the digest of a manifest.',
  hypernet_unknown: 'There is no hypernetwork nobody; GET /v1/hypernets lists them.',
  hypernet_inactive:
    'No version of t2l-mini is active; name one as t2l-mini@<version>, or activate one.',
  strength_unavailable:
    't2l-mini 2.0.0 writes DoRA adapters, for strength 1 only, not 0.5: its magnitudes go with the whole update.',
  adapter_out_of_range:
    'The generated update of q_proj in layer 3 has norm Infinity, which no base model can use.',
  adapter_unfit:
    'The fit is unfit (score 0.0202), do not expect the adapter to work: far from everything that t2l-mini was trained on. Ask for something closer to what was trained; or send allow_unfit true to have it all the same.',
  moderation_refused: 'The moderation of this endpoint refuses this description.',
  moderation_unavailable:
    'The moderation of this endpoint did not answer within 10000 ms, and nothing new is made without it; retry in 5 seconds.',
  moderation_misconfigured: 'MODERATION must be workers-ai or http, or be left out.',

  adapter_id_malformed: 'An adapter id is 64 hex digits; the first 12 or more will do.',
  adapter_prefix_ambiguous: `Several adapter ids begin with ${ADAPTER_ID.slice(0, 12)}; send more digits.`,
  adapter_refused: 'This adapter was removed for good, and is not made again here.',
  adapter_unknown: `There is no adapter ${ADAPTER_ID} here; generating makes one.`,
  adapter_outdated: `The files of ${ADAPTER_ID.slice(0, 12)} are gone, and an earlier version of this code made them.`,
  layout_unknown: 'layout must be one of peft, workers-ai, mlx.',
  layout_unavailable:
    'Workers AI has no LoRA base model of the type gemma2; it takes adapters for mistral, gemma, llama.',
  file_unknown:
    'The adapter has the files adapter_model.safetensors, adapter_config.json, README.md, adapter.gguf.',
  range_malformed:
    'Range must be bytes=<first>-<last>, bytes=<first>- or bytes=-<length of the end>.',
  range_unsatisfiable: 'The file has 98880 bytes; the range must begin before its end.',
  precondition_failed: `If-Match must name "${DIGEST}".`,
  limit_out_of_range: 'limit must be a whole number from 1 to 100.',
  days_out_of_range: 'days must be a whole number from 1 to 31.',
  cursor_malformed: 'cursor must be the next_cursor of an earlier page, unchanged.',
  search_too_long: 'q must have at most 200 characters.',
  base_model_unknown:
    'There is no file of the base model them/theirs here; npm run base-model puts one there.',
  base_model_malformed: 'base_model must be the id of a base model.',

  repository_unknown: 'There is no repository t2l/nobody; adapters are t2l/<id>.',
  revision_unknown: `t2l/${ADAPTER_ID} has no revision v2; it has main, and their commits.`,
  entry_unknown: `t2l/${ADAPTER_ID} has no config.json; it has adapter_config.json.`,
  paths_malformed: 'paths must be a list of paths in the repository.',
  sort_unknown: 'sort must be one of createdAt, lastModified, downloads, likes, trendingScore.',
  flag_malformed: 'A flag must be true or false.',
  parameters_malformed:
    'num_parameters must be bounds such as min:10K,max:2M; one of them will do.',
  users_unknown: 'This endpoint has no users; public adapters are read with any token or none.',
  rate_limited: 'Too many adapters were made for this address; retry in 60 seconds.',
  adapter_remaking: `The files of adapter ${ADAPTER_ID} are being made again; retry in 2 seconds.`,
  upstream_misconfigured: 'HUB_UPSTREAM must be the http(s) address of another hub.',
  upstream_refused:
    'https://hub.example answers /gated/model/resolve/main/config.json: status 401.',
  upstream_failed: 'https://hub.example cannot be reached; try again later.',
  upstream_timeout: 'https://hub.example did not answer within 8 s; try again later.',

  admin_token_missing: 'Send the header "Authorization: Bearer <admin token>".',
  admin_token_wrong: 'The bearer token must be the admin token.',
  admin_disabled: 'Administrative calls work only where the secret ADMIN_TOKEN is set.',
  name_malformed: 'name must be a name of 1 to 63 of a-z, 0-9, ".", "_" and "-".',
  name_reserved:
    'The names "encoders" and "base-models" are taken by other files of the bucket; choose another.',
  version_malformed: 'version must be a semantic version such as 1.0.0.',
  digest_malformed: 'digest must be the sha256 of the manifest: 64 lower-case hex digits.',
  activation_ambiguous: 'Send exactly one of version, digest and rollback.',
  hypernet_version_taken: `t2l-mini 1.0.0 is registered with the digest ${DIGEST}.`,
  hypernet_no_previous: 'No version of t2l-mini was active before.',
  hypernet_not_expected: `t2l-mini has 1.0.0 active (${DIGEST}), where no version is expected; look again, then expect what is active.`,
  hypernet_yanked:
    't2l-mini@1.1.0 was yanked (It answers in French.); take another version, or t2l-mini for the active one.',
  hypernet_active:
    't2l-mini@1.0.0 is active, and a name must not answer with a yanked version; activate another one first.',
  percent_out_of_range: 'percent must be a whole number from 1 to 99.',
  reason_malformed:
    'reason must be one line of 1 to 500 characters that does not begin with a space.',

  bundle_missing_file: "The bundle's file t2l-mini/1.0.0/manifest.json does not exist.",
  bundle_digest_mismatch: `The bundle's manifest has another digest than ${DIGEST}.`,
  bundle_schema_unsupported: 'The manifest must follow schema 1.',
  bundle_unsigned:
    't2l-mini@1.1.0 has no manifest.sig; this endpoint takes bundles that one of its TRUSTED_KEYS signed.',
  bundle_key_untrusted:
    't2l-mini@1.1.0 is signed with the key 9c1f0b2a7d4e6835; this endpoint trusts 4be07f31c2a95d68.',
  bundle_signature_invalid:
    'The manifest.sig of t2l-mini@1.1.0 is not the signature of its manifest by the key 4be07f31c2a95d68; sign it again.',
  trusted_keys_malformed:
    'TRUSTED_KEYS must be public keys as `t2l keys new` prints them, 44 characters of base64 each, separated by commas.',
  bundle_graph_invalid: 'The graph int8.onnx must have the inputs and outputs of the manifest.',

  encoder_not_configured: 'The encoder needs the binding AI, which this endpoint does not have.',
  encoder_unavailable: 'The embedding service answered with status 500.',
  encoder_timeout: 'The embedding service must answer within 10 seconds.',
  encoder_answer_invalid: 'The embedding service must answer with 384 finite numbers.',

  adapter_bytes_changed: `The files of ${ADAPTER_ID.slice(0, 12)} were made again with other bytes.`,
  internal_error: 'This is a fault of the endpoint; its log says more.',
  unhealthy: 'The database must have its migrations and the default hypernetwork must be there.',
};
