/** Every wrong path, query, method or range has its own code and no effect. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { startServer, type TestServer } from '../server.ts';
import { expectOnlyAdapter, expectProblem, makeOnlyAdapter } from './problem.ts';

let server: TestServer;
let adapter: string;

beforeAll(async () => {
  server = await startServer();
  adapter = await makeOnlyAdapter(server);
});

afterAll(async () => {
  await expectOnlyAdapter(server);
  await server.close();
});

test.each<[string, ErrorCode]>([
  ['xyz', 'adapter_id_malformed'],
  ['0123456789a', 'adapter_id_malformed'],
  ['0123456789AB', 'adapter_unknown'],
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
