import { beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { honoPath } from '../../src/api/route.ts';
import { type SharedServer, sharedServer } from '../server.ts';
import { type OpenApi, type Operation, openApi, operationsOf } from './openapi.ts';

let server: SharedServer;
let document: OpenApi;
let operations: readonly Operation[];

beforeAll(async () => {
  server = await sharedServer();
  document = (await (await server.fetch('/openapi.json')).json()) as OpenApi;
  operations = operationsOf(document);
});

test('the endpoint sends the description of its routes, and says where it is', () => {
  expect(document).toEqual({ ...openApi(createApp()), servers: [{ url: server.origin }] });
});

test('every route is described, and nothing else is', () => {
  expect(document.openapi).toBe('3.1.0');
  const routes = createApp().routes.filter(({ method }) => method !== 'ALL');
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${honoPath(path)}`),
  );
  expect(described.length).toBeGreaterThan(10);
  expect([...new Set(described)].sort()).toEqual(
    [...new Set(routes.map(({ method, path }) => `${method} ${path}`))].sort(),
  );
});

test('every operation has a name of its own, a tag and a summary', () => {
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { operationId, tags: own, summary } of operations) {
    expect([operationId, own.length, summary.length > 10]).toEqual([operationId, 1, true]);
    expect(tags).toContain(own[0]);
  }
});

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(100);
  for (const [reference, kind = '', name = ''] of references) {
    const components = document.components as unknown as Record<string, object>;
    expect(components[kind], reference).toHaveProperty([name]);
  }
});

test('answers have the headers that the description promises', async () => {
  const made = await server.send('/v1/adapters', { description: 'Say what is promised' });
  const { id, files } = (await made.json()) as { id: string; files: Record<string, object> };
  const answers = {
    createAdapter: made,
    listAdapters: await server.fetch('/v1/adapters'),
    readAdapter: await server.fetch(`/v1/adapters/${id}`),
    readAdapterFile: await server.fetch(`/v1/adapters/${id}/${Object.keys(files)[0]}`, {
      headers: { range: 'bytes=0-9' },
    }),
    readHypernet: await server.fetch('/v1/hypernets/nobody'),
    deleteAdapter: await server.fetch(`/v1/adapters/${id}`, { method: 'DELETE' }),
  };
  for (const [name, response] of Object.entries(answers)) {
    const operation = operations.find(({ operationId }) => operationId === name);
    const promised = Object.keys(operation?.responses[response.status]?.headers ?? {});
    expect(promised).toContain('Server-Timing');
    for (const header of promised) {
      expect([name, header, response.headers.has(header)]).toEqual([name, header, true]);
    }
  }
  expect(answers.readAdapterFile.status).toBe(206);
  expect(answers.deleteAdapter.status).toBe(401);
});

test('the index leads on, and reads are open to other sites but administration is not', async () => {
  const index = await server.fetch('/');
  expect(await index.json()).toMatchObject({
    openapi: '/openapi.json',
    docs: '/docs',
    health: '/healthz',
  });
  const preflight = await server.fetch('/v1/hypernets', {
    method: 'OPTIONS',
    headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'DELETE' },
  });
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,HEAD');
});
