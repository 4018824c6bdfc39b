/** `t2l token` at an endpoint: made, used, listed and revoked as an administrator does. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { t2l } from './command.ts';

let endpoint: TestServer;
let there: readonly string[];
const env = { T2L_TOKEN: ADMIN_TOKEN };

beforeAll(async () => {
  endpoint = await startServer({ ADMIN_TOKEN, ACCESS: 'private' });
  there = ['--endpoint', endpoint.origin];
});

afterAll(() => endpoint.close());

test('a token that was made opens a private endpoint until it is revoked', async () => {
  expect((await t2l(['list', ...there])).stderr).toContain('token_missing');
  const made = await t2l(['token', 'create', 'a reader', '--scope', 'read', ...there], { env });
  const token = /^token +(t2l_\S+)$/m.exec(made.stdout)?.[1] ?? '';
  const id = /^id +([0-9a-f]{16})$/m.exec(made.stdout)?.[1] ?? '';
  expect((await t2l(['list', ...there], { env: { T2L_TOKEN: token } })).code).toBe(0);
  const listed = await t2l(['token', 'list', ...there], { env });
  expect(listed.stdout).toMatch(new RegExp(`^${id} +a reader +read +does not expire$`, 'm'));
  expect(await t2l(['token', 'revoke', id, ...there], { env })).toMatchObject({
    code: 0,
    stdout: `revoked  ${id}\n`,
  });
  const after = await t2l(['list', ...there], { env: { T2L_TOKEN: token } });
  expect(after.stderr).toContain('token_invalid');
});

test('what a token needs is said before anything is asked', async () => {
  expect((await t2l(['token', 'list'])).stderr).toContain('--endpoint');
  expect((await t2l(['token', 'list', ...there])).stderr).toContain('T2L_TOKEN');
  const scope = await t2l(['token', 'create', 'x', '--scope', 'write', ...there], { env });
  expect(scope.stderr).toContain('read, generate, admin');
  expect(scope.code).toBe(2);
});
