/** Every wrong body of a request for an adapter has its own code and no effect. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { MAX_BODY_BYTES, MAX_DESCRIPTION_CHARACTERS } from '../../src/contract/limits.ts';
import { defaultBundle } from '../bundles.ts';
import { startServer, type TestServer } from '../server.ts';
import { expectOnlyAdapter, expectProblem, makeOnlyAdapter } from './problem.ts';

let server: TestServer;
let dim: number;

beforeAll(async () => {
  server = await startServer();
  dim = (await defaultBundle()).manifest.encoder.dim;
  await makeOnlyAdapter(server);
});

afterAll(async () => {
  await expectOnlyAdapter(server);
  await server.close();
});

const ok = 'Sort the words';

test.each<[string, unknown, ErrorCode]>([
  ['no input', {}, 'input_missing'],
  ['both inputs', { description: ok, embedding: [1] }, 'input_ambiguous'],
  ['empty description', { description: '' }, 'description_empty'],
  ['blank description', { description: ' \n\t\u00a0 ' }, 'description_empty'],
  ['nothing that can be seen', { description: '\u200b\u202e\u2800\u{e0041}' }, 'description_empty'],
  ['too long', { description: 'x'.repeat(MAX_DESCRIPTION_CHARACTERS + 1) }, 'description_too_long'],
  ['number as description', { description: 7 }, 'description_not_text'],
  ['null as description', { description: null }, 'description_not_text'],
  ['list as description', { description: [ok] }, 'description_not_text'],
  ['NUL in description', { description: 'a\u0000b' }, 'description_not_text'],
  ['half a character in description', { description: 'a\ud800' }, 'description_not_text'],
  ['text as embedding', { embedding: 'AAAA' }, 'embedding_not_numbers'],
  ['object as embedding', { embedding: { 0: 1 } }, 'embedding_not_numbers'],
  ['text in embedding', { embedding: ['1'] }, 'embedding_not_finite'],
  ['NaN in embedding, as JSON writes it', { embedding: [Number.NaN] }, 'embedding_not_finite'],
  ['empty embedding', { embedding: [] }, 'embedding_wrong_dimension'],
  ['short embedding', { embedding: [1, 2, 3] }, 'embedding_wrong_dimension'],
  ['long embedding', { embedding: new Array(5000).fill(0.5) }, 'embedding_wrong_dimension'],
  ['beyond float32', { embedding: [1e39] }, 'embedding_not_finite'],
  ['unknown dtype', { description: ok, dtype: 'float8' }, 'dtype_unknown'],
  ['number as dtype', { description: ok, dtype: 16 }, 'dtype_unknown'],
  ['unknown precision', { description: ok, precision: 'int4' }, 'precision_unknown'],
  ['strength as text', { description: ok, strength: '1' }, 'strength_not_number'],
  ['strength 0', { description: ok, strength: 0 }, 'strength_out_of_range'],
  ['too strong', { description: ok, strength: 8.1 }, 'strength_out_of_range'],
  ['too strong, negative', { description: ok, strength: -8.1 }, 'strength_out_of_range'],
  ['too weak', { description: ok, strength: 0.024 }, 'strength_out_of_range'],
  ['too weak, negative', { description: ok, strength: -0.024 }, 'strength_out_of_range'],
  ['a little too strong', { description: ok, strength: 8.01 }, 'strength_out_of_range'],
  ['number as hypernet', { description: ok, hypernet: 1 }, 'hypernet_malformed'],
  ['path as hypernet', { description: ok, hypernet: '../x' }, 'hypernet_malformed'],
  ['two versions', { description: ok, hypernet: 'a@1.0.0@2.0.0' }, 'hypernet_malformed'],
  ['unknown name', { description: ok, hypernet: 'nobody' }, 'hypernet_unknown'],
  ['unknown version', { description: ok, hypernet: 't2l-mini@99.0.0' }, 'hypernet_unknown'],
  ['unknown digest', { description: ok, hypernet: 'f'.repeat(64) }, 'hypernet_unknown'],
  ['misspelt field', { description: ok, strenght: 2 }, 'field_unknown'],
])('POST /v1/adapters with %s', async (_name, body, code) => {
  await expectProblem(await server.send('/v1/adapters', body), code);
});

test.each<[string, string, ErrorCode]>([
  ['malformed JSON', '{"description": "x"', 'json_malformed'],
  ['nothing', '', 'json_malformed'],
  ['NaN, which is not JSON', '{"embedding": [NaN]}', 'json_malformed'],
  ['a number too large for any float', '{"embedding": [1e999]}', 'embedding_not_finite'],
  ['minus infinity', '{"embedding": [-1e999]}', 'embedding_not_finite'],
  ['infinite strength', '{"description": "x", "strength": 1e999}', 'strength_not_number'],
  ['an array', '[]', 'body_not_object'],
  ['null', 'null', 'body_not_object'],
  ['a string', '"Reverse the list"', 'body_not_object'],
])('a body that is %s', async (_name, body, code) => {
  const headers = { 'content-type': 'application/json' };
  const response = await server.fetch('/v1/adapters', { method: 'POST', headers, body });
  await expectProblem(response, code);
});

test('a body that is not UTF-8', async () => {
  const headers = { 'content-type': 'application/json' };
  const body = Buffer.from('{"description": "caf\xe9"}', 'latin1');
  const response = await server.fetch('/v1/adapters', { method: 'POST', headers, body });
  await expectProblem(response, 'json_malformed');
});

test('NaN in an embedding of the right length', async () => {
  const embedding: (number | null)[] = new Array(dim).fill(0.05);
  embedding[dim - 1] = null;
  await expectProblem(await server.send('/v1/adapters', { embedding }), 'embedding_not_finite');
});

test('an embedding one number short, and the answer says how many are right', async () => {
  const response = await server.send('/v1/adapters', { embedding: new Array(dim - 1).fill(0.05) });
  expect(((await response.clone().json()) as { detail: string }).detail).toContain(String(dim));
  await expectProblem(response, 'embedding_wrong_dimension');
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
  'content type "%s"',
  async (type) => {
    const response = await server.fetch('/v1/adapters', {
      method: 'POST',
      headers: { 'content-type': type },
      body: '{"description": "Sort the words"}',
    });
    await expectProblem(response, 'content_type_unsupported');
  },
);

test('a body that is too large, with its length declared and without', async () => {
  const body = JSON.stringify({ description: 'x'.repeat(MAX_BODY_BYTES) });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  await expectProblem(await server.fetch('/v1/adapters', { ...init, body }), 'body_too_large');
  const stream = new Blob([body]).stream();
  const chunked = { ...init, body: stream, duplex: 'half' } as RequestInit;
  await expectProblem(await server.fetch('/v1/adapters', chunked), 'body_too_large');
});

test('a body that is cut or badly framed is the fault of who sends it', async () => {
  // In this process: what stands before the Worker on this machine answers such a request itself.
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error('the chunks are not framed properly'));
    },
  });
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const response = await createApp().request('http://t2l.example/v1/adapters', init, server.env);
  await expectProblem(response, 'body_incomplete');
});

test('a body that claims to be compressed is refused for that', async () => {
  for (const [coding, body] of [
    ['gzip', '{"description": "Sort the words"}'],
    ['gzip', gzipSync('{"description": "Sort the words"}')],
    ['br, gzip', '{}'],
  ] as const) {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding };
    const response = await server.fetch('/v1/adapters', { method: 'POST', headers, body });
    expect(response.headers.get('accept-encoding')).toBe('identity');
    await expectProblem(response, 'content_encoding_unsupported');
  }
});
