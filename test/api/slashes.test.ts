import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestServer } from '../server.ts';
import { json, serveRepository, WEIGHTS } from './hub-repository.ts';

let server: TestServer;
let repository: string;

beforeAll(async () => {
  ({ server, repository } = await serveRepository());
});

afterAll(async () => {
  await server.close();
});

test('an endpoint that was given with a slash at its end serves the same', async () => {
  const info = await json(server, `/api/models/${repository}`);
  for (const path of [
    `//api/models/${repository}`,
    `///api/models/${repository}/`,
    `/api/models/${repository}/`,
    `/api/models/${repository}/revision/main/`,
  ]) {
    expect(await json(server, path), path).toEqual(info);
  }
  expect(await json(server, '//v1/adapters')).toEqual(await json(server, '/v1/adapters'));
  expect(await json(server, '/api/models/')).toHaveLength(1);
  const file = await server.fetch(`//${repository}/resolve/main/${WEIGHTS}`);
  expect([file.status, file.url]).toEqual([
    200,
    `${server.origin}//${repository}/resolve/main/${WEIGHTS}`,
  ]);
});

test('a list that was asked for with two slashes leads to pages that exist', async () => {
  await server.send('/v1/adapters', { description: 'Keep the first word' });
  const page = await server.fetch('//api/models?limit=1');
  const next = /^<(http[^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
  expect(new URL(next).pathname).toBe('/api/models');
});

test('what the protocol does not have is said as the Hub says it', async () => {
  for (const path of [
    '/api',
    '/api/gadgets',
    '//api/gadgets/',
    `/api/models/${repository}/gadgets`,
  ]) {
    const response = await server.fetch(path);
    expect([path, response.status]).toEqual([path, 404]);
    expect(response.headers.get('x-error-code')).toBe('EntryNotFound');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      code: 'route_unknown',
      error: expect.any(String),
    });
  }
  const refused = await server.fetch(`/api/models/${repository}`, { method: 'DELETE' });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(await refused.json()).toMatchObject({ error: expect.any(String) });
});
