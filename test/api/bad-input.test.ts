/** Every way to ask wrongly has its own code, a sentence that says what is right, and no effect. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/error-codes.ts';
import { MAX_BODY_BYTES, MAX_DESCRIPTION_CHARACTERS } from '../../src/limits.ts';
import { type BundleName, defaultBundle } from '../bundles.ts';
import { startServer, type TestServer } from '../server.ts';

let server: TestServer;
let bundle: BundleName;
let dim: number;
let adapter: string;

beforeAll(async () => {
  server = await startServer();
  const { manifest, ...name } = await defaultBundle();
  bundle = name;
  dim = manifest.encoder.dim;
  const made = await server.send('/v1/adapters', { description: 'Reverse the list' });
  expect(made.status).toBe(201);
  adapter = ((await made.json()) as { id: string }).id;
});

afterAll(async () => {
  const { adapters } = (await (await server.fetch('/v1/adapters')).json()) as {
    adapters: unknown[];
  };
  expect(adapters).toHaveLength(1);
  await server.close();
});

async function expectProblem(response: Response, code: ErrorCode): Promise<void> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ code, type: `urn:t2l-edge:problem:${code}` });
  expect(ERROR_CODES[code][0]).toContain(response.status);
  expect(problem.status).toBe(response.status);
  expect(problem.title).toBe(ERROR_CODES[code][1]);
  expect(problem.detail).toMatch(/^.{10,}\.$/s);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('server-timing')).toMatch(/total;dur=/);
}

const ok = 'Sort the words';

test.each<[string, unknown, ErrorCode]>([
  ['no input', {}, 'input_missing'],
  ['both inputs', { description: ok, embedding: [1] }, 'input_ambiguous'],
  ['empty description', { description: '' }, 'description_empty'],
  ['blank description', { description: ' \n\t\u00a0 ' }, 'description_empty'],
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
  ['too weak', { description: ok, strength: 0.001 }, 'strength_out_of_range'],
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

test.each<[string, ErrorCode]>([
  ['xyz', 'adapter_id_malformed'],
  ['0123456789a', 'adapter_id_malformed'],
  ['0123456789AB', 'adapter_id_malformed'],
  ['0'.repeat(65), 'adapter_id_malformed'],
  ['%00', 'adapter_id_malformed'],
  ['0'.repeat(64), 'adapter_unknown'],
  ['0'.repeat(12), 'adapter_unknown'],
])('GET of the adapter %s', async (id, code) => {
  await expectProblem(await server.fetch(`/v1/adapters/${id}`), code);
  await expectProblem(await server.fetch(`/v1/adapters/${id}/README.md`), code);
});

test('a prefix of several ids', async () => {
  const twin = adapter.slice(0, 20).padEnd(64, adapter[20] === '0' ? '1' : '0');
  const columns = await server.env.DB.prepare('SELECT * FROM adapters LIMIT 1').first();
  const names = Object.keys(columns ?? {}).filter((name) => name !== 'id');
  await server.env.DB.prepare(
    `INSERT INTO adapters (id, ${names}) SELECT ?, ${names} FROM adapters WHERE id = ?`,
  )
    .bind(twin, adapter)
    .run();
  const response = await server.fetch(`/v1/adapters/${adapter.slice(0, 12)}`);
  await expectProblem(response, 'adapter_prefix_ambiguous');
  await server.env.DB.prepare('DELETE FROM adapters WHERE id = ?').bind(twin).run();
});

test('a file that no adapter has', async () => {
  const response = await server.fetch(`/v1/adapters/${adapter}/pytorch_model.bin`);
  await expectProblem(response, 'file_unknown');
});

test.each<[string, ErrorCode]>([
  ['bytes=', 'range_malformed'],
  ['bytes=-', 'range_malformed'],
  ['bytes=a-b', 'range_malformed'],
  ['bytes=5-2', 'range_malformed'],
  ['bytes=-5-2', 'range_malformed'],
  ['bytes=99999999-', 'range_unsatisfiable'],
  ['bytes=-0', 'range_unsatisfiable'],
])('Range: %s', async (range, code) => {
  const path = `/v1/adapters/${adapter}/adapter_config.json`;
  const response = await server.fetch(path, { headers: { range } });
  expect(response.headers.get('content-range')).toMatch(/^bytes \*\/\d+$/);
  await expectProblem(response, code);
});

test.each<[string, ErrorCode]>([
  ['cursor=nonsense', 'cursor_malformed'],
  ['cursor=%00', 'cursor_malformed'],
  [`cursor=${btoa('1.2')}`, 'cursor_malformed'],
  ['limit=0', 'limit_out_of_range'],
  ['limit=101', 'limit_out_of_range'],
  ['limit=1.5', 'limit_out_of_range'],
  ['limit=many', 'limit_out_of_range'],
  ['limit=', 'limit_out_of_range'],
  ['hypernet=../x', 'hypernet_malformed'],
  ['base_model=', 'base_model_malformed'],
  [`q=${'x'.repeat(201)}`, 'search_too_long'],
  ['sort=up', 'field_unknown'],
])('GET /v1/adapters?%s', async (query, code) => {
  await expectProblem(await server.fetch(`/v1/adapters?${query}`), code);
});

test.each<[string, string, ErrorCode]>([
  ['GET', '/v1/nothing', 'route_unknown'],
  ['GET', '/v1/hypernets/nobody', 'hypernet_unknown'],
  ['PATCH', '/v1/adapters', 'method_not_allowed'],
  ['POST', '/healthz', 'method_not_allowed'],
])('%s %s', async (method, path, code) => {
  await expectProblem(await server.fetch(path, { method }), code);
});

test('a known path says which methods it takes', async () => {
  const response = await server.fetch('/v1/adapters', { method: 'PUT' });
  expect(response.headers.get('allow')).toBe('POST, GET, HEAD');
});

test.each<[string, Record<string, string>, ErrorCode]>([
  ['no token', {}, 'admin_token_missing'],
  ['another scheme', { authorization: 'Basic dGVzdA==' }, 'admin_token_missing'],
  ['a wrong token', { authorization: 'Bearer wrong' }, 'admin_token_wrong'],
  ['a part of the token', { authorization: 'Bearer test-admin-toke' }, 'admin_token_wrong'],
])('an administrative call with %s', async (_name, headers, code) => {
  const calls = [
    server.fetch(`/v1/adapters/${adapter}`, { method: 'DELETE', headers }),
    server.send('/v1/hypernets', bundle, { headers }),
    server.send(`/v1/hypernets/${bundle.name}/active`, {}, { method: 'PUT', headers }),
  ];
  for (const response of await Promise.all(calls)) {
    if (code === 'admin_token_missing') {
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    await expectProblem(response, code);
  }
});

test('without a configured token administration is off', async () => {
  const open = await startServer({ ADMIN_TOKEN: '' });
  const headers = { authorization: 'Bearer ' };
  const response = await open.send('/v1/hypernets', bundle, { headers });
  await expectProblem(response, 'admin_disabled');
  await open.close();
});
