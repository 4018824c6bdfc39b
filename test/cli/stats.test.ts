/** `t2l stats` at an endpoint, as its administrator asks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { miniBundle } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { t2l } from './command.ts';

const env = { T2L_TOKEN: ADMIN_TOKEN };

let endpoint: TestServer;
let there: readonly string[];

beforeAll(async () => {
  endpoint = await startServer();
  there = ['--endpoint', endpoint.origin];
  await (await endpoint.send('/v1/adapters', { description: 'Count the words.' })).text();
  await (await endpoint.send('/v1/adapters', { description: '' })).text();
});

afterAll(() => endpoint.close());

test('it prints what was made and refused, and how long it took', async () => {
  const { digest } = await miniBundle();
  const { stdout, code } = await t2l(['stats', '--days', '2', ...there], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^days +\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/m);
  expect(stdout).toMatch(/^stored +1 adapters, [1-9]\d* bytes$/m);
  expect(stdout).toMatch(/^problems +1 x description_empty$/m);
  expect(stdout).toMatch(new RegExp(`^${digest.slice(0, 12)} +1 +0 +0$`, 'm'));
  expect(stdout).toMatch(/^total +\d+ +\d+ +\d+ +\d+$/m);
});

test('as JSON it is the document', async () => {
  const { stdout } = await t2l(['stats', '--json', ...there], { env });
  expect(JSON.parse(stdout)).toMatchObject({ problems: { description_empty: 1 }, remade: 0 });
});

test('what it needs is said, and what cannot be asked', async () => {
  expect((await t2l(['stats'])).stderr).toContain('--endpoint');
  expect((await t2l(['stats', ...there])).stderr).toContain('T2L_TOKEN');
  expect((await t2l(['stats', '--days', '0', ...there], { env })).code).toBe(2);
  expect((await t2l(['stats', '--days', '99', ...there], { env })).stderr).toContain('31');
});
