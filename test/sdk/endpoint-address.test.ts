import { afterEach, expect, test } from 'vitest';
import { createClient } from '../../src/sdk/index.ts';
import { type ScriptedServer, sendJson, startScripted } from './scripted-server.ts';

const HEALTH = { status: 'ok', hypernet: { name: 'n', version: '1.0.0', digest: 'd' } };
const NOTHING = { code: 'route_unknown', detail: 'There is nothing at that path.' };

const open: ScriptedServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** An endpoint at the root, or below a path. */
async function serve(below = ''): Promise<string> {
  const server = await startScripted(({ url }, response) =>
    url === `${below}/healthz` ? sendJson(response, 200, HEALTH) : sendJson(response, 404, NOTHING),
  );
  open.push(server);
  return server.origin;
}

test('an endpoint may be given with slashes, with /v1 and below the path of a proxy', async () => {
  const origin = await serve();
  for (const end of ['', '/', '//', '/v1', '/v1/']) {
    expect(await createClient({ endpoint: `${origin}${end}` }).health(), end).toEqual(HEALTH);
  }
  const below = await serve('/t2l');
  expect(await createClient({ endpoint: `${below}/t2l/v1/` }).health()).toEqual(HEALTH);
});

test('an endpoint with a path too many is told in one sentence', async () => {
  const origin = await serve();
  const client = createClient({ endpoint: `${origin}/api` });
  await expect(client.health()).rejects.toMatchObject({
    code: 'route_unknown',
    detail: `There is no t2l endpoint at ${origin}/api, but one answers at ${origin}: leave /api out of the endpoint.`,
  });
});

test('an adapter is found by the name of its repository and in upper case', async () => {
  const server = await startScripted((_request, response) => sendJson(response, 404, NOTHING));
  open.push(server);
  const client = createClient({ endpoint: server.origin, retries: 0 });
  const id = 'ab'.repeat(32);
  for (const text of [id, `t2l/${id}`, id.toUpperCase(), `t2l/${id.slice(0, 12)}`]) {
    await client.adapter(text).catch(() => undefined);
  }
  const whole = `GET /v1/adapters/${id}`;
  expect(server.requests.map(({ line }) => line)).toEqual([
    whole,
    whole,
    whole,
    whole.slice(0, -52),
  ]);
});
