import { beforeAll, expect, test } from 'vitest';
import { type SharedServer, sharedServer } from '../server.ts';

const ELSEWHERE = { origin: 'https://elsewhere.example' };

let server: SharedServer;

beforeAll(async () => {
  server = await sharedServer();
});

/** What a browser asks before a script of another site may send a request. */
async function preflight(path: string, method: string): Promise<(string | null)[]> {
  const { status, headers } = await server.fetch(path, {
    method: 'OPTIONS',
    headers: {
      ...ELSEWHERE,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  return ['methods', 'headers'].map((name) => headers.get(`access-control-allow-${name}`));
}

test('a page of another site may send JSON where adapters are made, and only there', async () => {
  const [methods, headers] = await preflight('/v1/adapters', 'POST');
  expect(methods).toBe('GET,HEAD,POST');
  expect(headers).toMatch(/\bContent-Type\b/);
  for (const [path, method] of [
    ['/v1/hypernets', 'POST'],
    ['/v1/audit', 'POST'],
    ['/v1/hypernets/t2l-mini/active', 'PUT'],
    ['/v1/hypernets/t2l-mini/canary', 'PUT'],
    ['/v1/hypernets/t2l-mini/canary', 'DELETE'],
    ['/v1/hypernets/t2l-mini/versions/1.0.0/yanked', 'PUT'],
    [`/v1/adapters/${'0'.repeat(64)}`, 'DELETE'],
  ] as const) {
    const [allowed, allowedHeaders] = await preflight(path, method);
    // POST needs no consent in a preflight, so it is its header that is not allowed.
    expect([path, allowed]).toEqual([path, 'GET,HEAD']);
    expect(allowedHeaders).not.toMatch(/content-type/i);
  }
});

test('answers and errors may be read by pages of other sites, with their headers', async () => {
  for (const path of ['/v1/adapters', '/v1/adapters/none', '/healthz', '/none']) {
    const { headers } = await server.fetch(path, { headers: ELSEWHERE });
    expect([path, headers.get('access-control-allow-origin')]).toEqual([path, '*']);
    expect(headers.get('access-control-expose-headers')).toMatch(/\bETag\b.*\bRetry-After\b/);
  }
});
