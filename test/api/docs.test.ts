import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_CODES, isErrorCode } from '../../src/error-codes.ts';
import { startServer, type TestServer } from '../server.ts';

const SOURCES = join(import.meta.dirname, '../../src');

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

let server: TestServer;
let document: OpenApi;

beforeAll(async () => {
  server = await startServer();
  document = (await (await server.fetch('/openapi.json')).json()) as OpenApi;
});

afterAll(async () => {
  await server.close();
});

test('the description of the API has every path', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(
    Object.fromEntries(
      Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item)]),
    ),
  ).toEqual({
    '/v1/adapters': ['post', 'get'],
    '/v1/adapters/{id}': ['get', 'delete'],
    '/v1/adapters/{id}/{file}': ['get'],
    '/v1/hypernets': ['get', 'post'],
    '/v1/hypernets/{name}': ['get'],
    '/v1/hypernets/{name}/active': ['put'],
    '/healthz': ['get'],
  });
});

test('the description of the API has every code, at its status', () => {
  const general = ['route_unknown', 'method_not_allowed', 'safetensors_invalid'];
  for (const [code, [statuses]] of Object.entries(ERROR_CODES)) {
    const described = Object.values(document.paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([, response]) => JSON.stringify(response).includes(`"${code}"`))
      .map(([status]) => Number(status));
    if (!general.includes(code)) {
      expect([code, [...new Set(described)].sort()]).toEqual([code, [...statuses].sort()]);
    }
  }
});

test('every code that the sources throw is in the table, with its status', async () => {
  const names = await readdir(SOURCES, { recursive: true });
  let found = 0;
  for (const name of names.filter((one) => one.endsWith('.ts'))) {
    const source = await readFile(join(SOURCES, name), 'utf8');
    for (const [, code = '', status] of source.matchAll(
      /new T2lError\(\s*'([a-z0-9_]+)',\s*(\d+)?/g,
    )) {
      found++;
      expect([name, code, isErrorCode(code)]).toEqual([name, code, true]);
      if (status !== undefined && isErrorCode(code)) {
        expect(ERROR_CODES[code][0], `${name}: ${code}`).toContain(Number(status));
      }
    }
  }
  expect(found).toBeGreaterThan(20);
});

test('the index leads on, and reads are open to other sites but writes are not', async () => {
  const index = await server.fetch('/');
  expect(await index.json()).toMatchObject({ openapi: '/openapi.json', health: '/healthz' });
  const preflight = await server.fetch('/v1/adapters', {
    method: 'OPTIONS',
    headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'DELETE' },
  });
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,HEAD');
});
