/**
 * Requests that no honest client makes, on every path that is described: whatever comes, the answer is
 * below 500, a problem document if it is an error, and HEAD is GET without the body.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
}
type Paths = Record<
  string,
  Record<string, { readonly parameters?: readonly Parameter[]; readonly requestBody?: object }>
>;

/** Percent-encoded where a URL needs it: broken UTF-8, NUL, half a character, ways out of a folder. */
const TEXTS = [
  '%ff',
  '%c3%28',
  '%00',
  'a%00b',
  '%',
  '%zz',
  '%ed%a0%80',
  '%2e%2e%2f%2e%2e',
  '%0d%0ax:y',
  '%F0%9F%92%A9',
  "';--",
  'a'.repeat(8000),
];
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const DEPTH = 60_000;

let server: TestServer;
let paths: Paths;
let known: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startServer();
  paths = ((await (await server.fetch('/openapi.json')).json()) as { paths: Paths }).paths;
  const made = await server.send('/v1/adapters', { description: 'Reverse the list' });
  const { id, hypernet } = (await made.json()) as { id: string; hypernet: { name: string } };
  known = { id, file: 'README.md', namespace: 't2l', revision: 'main', path: 'README.md' };
  known = { ...known, name: id, hypernet: hypernet.name };
});

afterAll(async () => {
  await server.close();
});

/** The path with what exists in place of its parameters, but for those given. */
function fill(path: string, others: Readonly<Record<string, string>> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = path.startsWith('/v1/hypernets') ? known.hypernet : known[name];
    return others[name] ?? value ?? 'x';
  });
}

async function expectAnswer(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await server.fetch(path, init);
  const call = `${init.method ?? 'GET'} ${path.slice(0, 120)}`;
  expect([call, response.status < 500]).toEqual([call, true]);
  if (response.status >= 400 && init.method !== 'HEAD') {
    expect(await response.clone().json(), call).toMatchObject({
      code: expect.stringMatching(/^[a-z_]+$/),
      status: response.status,
    });
  }
  return response;
}

test('every path with every parameter broken', async () => {
  let calls = 0;
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { parameters = [] }] of Object.entries(item)) {
      for (const { name, in: place } of parameters.filter((one) => one.in !== 'header')) {
        for (const text of TEXTS) {
          const url =
            place === 'path' ? fill(path, { [name]: text }) : `${fill(path)}?${name}=${text}`;
          const body = method === 'post' || method === 'put' ? { body: '{}' } : {};
          await expectAnswer(url, {
            method: method.toUpperCase(),
            headers: { ...ADMIN, ...JSON_TYPE },
            ...body,
          });
          calls++;
        }
      }
    }
  }
  expect(calls).toBeGreaterThan(200);
}, 400_000);

test('every body deep, wide or of another type', async () => {
  const bodies = [
    `{"description":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`,
    `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
    JSON.stringify(Object.fromEntries(Array.from({ length: 9000 }, (_one, i) => [i, i]))),
    '{"__proto__":{"description":"x"},"constructor":1}',
    `{"paths":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`,
    '\ufeff{}',
    '1',
  ];
  const types = ['application/json', 'application/json; charset=latin1', 'text/json', 'a/b, c/d'];
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { requestBody }] of Object.entries(item)) {
      for (const body of requestBody === undefined ? [] : bodies) {
        for (const type of types) {
          const headers = { ...ADMIN, 'content-type': type };
          const call = { method: method.toUpperCase(), headers, body };
          expect((await expectAnswer(fill(path), call)).status).toBeGreaterThanOrEqual(400);
        }
      }
    }
  }
});

test('every GET answers HEAD alike and without a body, and no path takes other methods', async () => {
  for (const [path, item] of Object.entries(paths)) {
    const url = fill(path);
    if ('get' in item) {
      const [get, head] = [await server.fetch(url), await server.fetch(url, { method: 'HEAD' })];
      expect([url, head.status, await head.text()]).toEqual([url, get.status, '']);
      for (const header of ['content-type', 'etag', 'location']) {
        expect([url, header, head.headers.get(header)]).toEqual([
          url,
          header,
          get.headers.get(header),
        ]);
      }
      await get.body?.cancel();
    }
    expect((await server.fetch(url, { method: 'OPTIONS' })).status).toBe(204);
    const refused = await server.fetch(url, { method: 'PATCH' });
    expect([url, refused.status]).toEqual([url, 405]);
    expect(refused.headers.get('allow')).toMatch(/^[A-Z, ]+$/);
  }
});

test('a query parameter that stands twice is refused, not guessed at', async () => {
  const response = await expectAnswer('/v1/adapters?limit=1&limit=2');
  expect(await response.json()).toMatchObject({ code: 'parameter_repeated', status: 400 });
});

test.each([
  'bytes',
  '=',
  'bytes==0-1',
  'bytes=0x1-2',
  'bytes=1e1-20',
  'bytes=0-99999999999999999999',
  'bytes=99999999999999999999-',
  'bytes=-99999999999999999999',
  'BYTES=0-1',
  'items=0-1',
  'bytes=0-1,3-4',
])('Range: %s', async (range) => {
  for (const path of [
    '/v1/adapters/{id}/{file}',
    '/{namespace}/{name}/resolve/{revision}/{path}',
  ]) {
    const response = await expectAnswer(fill(path), { headers: { range } });
    expect([200, 206, 416]).toContain(response.status);
    const length = Number(response.headers.get('content-length'));
    expect((await response.arrayBuffer()).byteLength).toBe(length);
  }
});
