/** `t2l hypernet` at an endpoint: why a version answers, and which ones make nothing any more. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuiltInBundle, defaultBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { t2l } from './command.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;
let builtIn: BuiltInBundle;

beforeAll(async () => {
  server = await startServer();
  builtIn = await defaultBundle();
});

afterAll(async () => {
  await server.close();
});

test('the list says why, the page of one what was when', async () => {
  const { name, version } = builtIn;
  const at = ['--endpoint', server.origin];
  const before = await t2l(['hypernet', 'show', name, ...at]);
  expect(before.stdout).not.toMatch(/activated|yanked/);

  const next = await uploadVariant(server.env, '9.0.0');
  await server.send('/v1/hypernets', next, { headers });
  const active = `/v1/hypernets/${name}/active`;
  const put = { method: 'PUT', headers };
  await server.send(active, { version: '9.0.0' }, put);
  const back = { rollback: true, expected: next.digest, reason: 'It answers in French.' };
  await server.send(active, back, put);
  const yanked = `/v1/hypernets/${name}/versions/9.0.0/yanked`;
  await server.send(`/v1/hypernets/${name}/canary`, { version: '9.0.0', percent: 5 }, put);
  const tried = await t2l(['hypernet', 'list', ...at]);
  expect(tried.stdout).toContain(`${version} (5 % 9.0.0)`);
  const canary = await t2l(['hypernet', 'show', `${name}@9.0.0`, ...at]);
  expect(canary.stdout).toMatch(/^name +\S+ 9\.0\.0, canary for 5 %$/m);
  expect(canary.stdout).toMatch(/ {2}9\.0\.0 for 5 %$/m);
  await server.fetch(`/v1/hypernets/${name}/canary`, { method: 'DELETE', headers });
  await server.send(yanked, { reason: 'See #12.' }, put);

  const list = await t2l(['hypernet', 'list', ...at]);
  expect(list.stdout).toMatch(
    new RegExp(`^${name} .* ${version} .*  It answers in French\\.$`, 'm'),
  );
  const shown = await t2l(['hypernet', 'show', name, ...at]);
  expect(shown.stdout).toMatch(/^name +\S+ 9\.0\.0$\n^digest .*$\n^yanked +See #12\.$/m);
  const times = /\d{4}-\d\d-\d\d \d\d:\d\d/g;
  expect(shown.stdout.split('\n\n').at(-1)?.replaceAll(times, 'THEN')).toBe(
    `activated (UTC)\nTHEN  9.0.0 for 0 %\nTHEN  9.0.0 for 5 %\nTHEN  9.0.0 -> ${version}  It answers in French.\nTHEN  ${version} -> 9.0.0\n`,
  );
  const refused = await t2l(['generate', 'Reverse it.', '--hypernet', `${name}@9.0.0`, ...at]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/was yanked \(See #12\.\).*\(hypernet_yanked\)/);
});
