/** Administration is for whoever has the token, and off where none is configured. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { type BundleName, defaultBundle } from '../bundles.ts';
import { startServer, type TestServer } from '../server.ts';
import { expectOnlyAdapter, expectProblem, makeOnlyAdapter } from './problem.ts';

let server: TestServer;
let bundle: BundleName;
let adapter: string;

beforeAll(async () => {
  server = await startServer();
  const { manifest: _manifest, ...name } = await defaultBundle();
  bundle = name;
  adapter = await makeOnlyAdapter(server);
});

afterAll(async () => {
  await expectOnlyAdapter(server);
  await server.close();
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
    server.fetch('/v1/audit', { method: 'POST', headers }),
    server.send(`/v1/hypernets/${bundle.name}/active`, {}, { method: 'PUT', headers }),
    server.send(`/v1/hypernets/${bundle.name}/canary`, {}, { method: 'PUT', headers }),
    server.fetch(`/v1/hypernets/${bundle.name}/canary`, { method: 'DELETE', headers }),
    server.send(
      `/v1/hypernets/${bundle.name}/versions/${bundle.version}/yanked`,
      {},
      { method: 'PUT', headers },
    ),
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
