/** A yanked version makes nothing new; what it made stays, bit for bit. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { hypernetSchema } from '../../src/contract/documents/hypernet.ts';
import { type BuiltInBundle, defaultBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const WEIGHTS = 'adapter_model.safetensors';

let server: TestServer;
let builtIn: BuiltInBundle;

beforeAll(async () => {
  server = await startServer();
  builtIn = await defaultBundle();
  for (const version of ['7.0.0', '7.0.1']) {
    const bundle = await uploadVariant(server.env, version);
    expect((await server.send('/v1/hypernets', bundle, { headers })).status).toBe(201);
  }
});

afterAll(async () => {
  await server.close();
});

function put(path: string, body: object, name = builtIn.name): Promise<Response> {
  return server.send(`/v1/hypernets/${name}/${path}`, body, { method: 'PUT', headers });
}

function yank(version: string, reason: string, name?: string): Promise<Response> {
  return put(`versions/${version}/yanked`, { reason }, name);
}

function make(version: string, value: number): Promise<Response> {
  const embedding = new Array(builtIn.manifest.encoder.dim).fill(value);
  return server.send('/v1/adapters', { embedding, hypernet: `${builtIn.name}@${version}` });
}

async function problemOf(response: Response): Promise<object> {
  return { ...((await response.json()) as object), status: response.status };
}

test('a yanked version makes no new adapters; what it made stays and is made again', async () => {
  const made = adapterSchema.parse(await (await make('7.0.0', 0.05)).json());
  const path = `/v1/adapters/${made.id}/${WEIGHTS}`;
  const weights = await (await server.fetch(path)).bytes();

  const answer = await yank('7.0.0', 'It repeats itself.');
  expect(answer.status).toBe(200);
  const { versions } = hypernetSchema.parse(await answer.json());
  expect(versions.find(({ version }) => version === '7.0.0')?.yanked).toEqual({
    at: expect.stringMatching(/^20\d\d-/),
    reason: 'It repeats itself.',
  });
  expect(versions.filter(({ yanked }) => yanked === null)).toHaveLength(2);
  const list = await (await server.fetch('/v1/hypernets')).text();
  expect(list).toContain('"reason":"It repeats itself."');

  expect(await problemOf(await make('7.0.0', 0.06))).toMatchObject({
    status: 410,
    code: 'hypernet_yanked',
    reason: 'It repeats itself.',
    detail: `${builtIn.name}@7.0.0 was yanked (It repeats itself.); take another version, or ${builtIn.name} for the active one.`,
  });
  expect((await make('7.0.1', 0.06)).status).toBe(201);
  // The same request as before is known, and its files are a cache of its row.
  expect((await make('7.0.0', 0.05)).status).toBe(200);
  await server.env.ADAPTERS.delete(`adapters/${made.id}/${WEIGHTS}`);
  const again = await server.fetch(path);
  expect([again.status, await again.bytes()]).toEqual([200, weights]);
});

test('a yanked version cannot be activated, by whatever name', async () => {
  const list = hypernetSchema.parse(
    await (await server.fetch(`/v1/hypernets/${builtIn.name}`)).json(),
  );
  const digest = list.versions.find(({ version }) => version === '7.0.0')?.digest;
  for (const body of [{ version: '7.0.0' }, { digest }]) {
    expect(await problemOf(await put('active', body))).toMatchObject({
      status: 410,
      code: 'hypernet_yanked',
    });
  }
});

test('the active version cannot be yanked, whether it was chosen or answers by itself', async () => {
  const own = await problemOf(await yank(builtIn.version, 'No.'));
  expect(own).toMatchObject({ status: 409, code: 'hypernet_active' });
  await put('active', { version: '7.0.1' });
  expect(await problemOf(await yank('7.0.1', 'No.'))).toMatchObject({ code: 'hypernet_active' });
  // Now the built-in one may go, and a rollback to it is refused.
  expect((await yank(builtIn.version, 'It is old.')).status).toBe(200);
  const { active } = (await (await server.fetch(`/v1/hypernets/${builtIn.name}`)).json()) as {
    active: string;
  };
  const back = await problemOf(await put('active', { rollback: true, expected: active }));
  expect(back).toMatchObject({ status: 410, code: 'hypernet_yanked', reason: 'It is old.' });
});

test('another reason takes the place of the first', async () => {
  expect((await yank('7.0.0', 'It repeats itself, see #12.')).status).toBe(200);
  expect(await problemOf(await make('7.0.0', 0.07))).toMatchObject({
    reason: 'It repeats itself, see #12.',
  });
});

test.each<[string, () => Promise<Response>, [number, string]]>([
  ['an unknown version', () => yank('99.0.0', 'No.'), [404, 'hypernet_unknown']],
  ['an unknown name', () => yank('7.0.0', 'No.', 'nobody'), [404, 'hypernet_unknown']],
  ['no reason', () => put('versions/7.0.1/yanked', {}), [400, 'reason_malformed']],
  ['an empty reason', () => yank('7.0.1', ''), [400, 'reason_malformed']],
  ['a long reason', () => yank('7.0.1', 'x'.repeat(501)), [400, 'reason_malformed']],
])('a yank of %s is refused', async (_name, call, [status, code]) => {
  expect(await problemOf(await call())).toMatchObject({ status, code });
});
