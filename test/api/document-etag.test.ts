/** Documents have entity tags: a reader that has one is told so, and only as long as it is true. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server.ts';

let server: TestServer;
let id: string;

beforeAll(async () => {
  server = await startServer();
  const made = await server.send('/v1/adapters', { description: 'Answer with the first word.' });
  id = ((await made.json()) as { id: string }).id;
});

afterAll(() => server.close());

const PATHS = ['/v1/adapters', '/v1/adapters/ID', '/v1/hypernets', '/v1/hypernets/t2l-mini'];

test.each(PATHS)('%s is not sent again to who has it', async (path) => {
  const address = path.replace('ID', id);
  const first = await server.fetch(address);
  const tag = first.headers.get('etag') ?? '';
  expect(tag).toMatch(/^"[0-9a-f]{64}"$/);
  await first.arrayBuffer();
  const headers = { 'if-none-match': `"another", ${tag}`, origin: 'https://page.example' };
  const again = await server.fetch(address, { headers });
  expect(again.status).toBe(304);
  expect(again.headers.get('etag')).toBe(tag);
  expect(again.headers.get('cache-control')).toBe('no-cache');
  expect(again.headers.get('access-control-allow-origin')).toBe('*');
  expect(await again.text()).toBe('');
  const other = await server.fetch(address, { headers: { 'if-none-match': '"another"' } });
  expect(other.status).toBe(200);
  await other.arrayBuffer();
  const head = await server.fetch(address, { method: 'HEAD' });
  expect(head.headers.get('etag')).toBe(tag);
});

test('a list that has changed has another tag', async () => {
  const tag = (await server.fetch('/v1/adapters')).headers.get('etag') ?? '';
  await server.send('/v1/adapters', { description: 'Answer with the last word.' });
  const after = await server.fetch('/v1/adapters', { headers: { 'if-none-match': tag } });
  expect(after.status).toBe(200);
  expect(after.headers.get('etag')).not.toBe(tag);
  const gone = await server.fetch('/v1/adapters/000000000000', {
    headers: { 'if-none-match': '*' },
  });
  expect(gone.status).toBe(404);
});
