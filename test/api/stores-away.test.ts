/** D1 that is away: what need not ask it goes on, and the rest is told when to come back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { startServer, type TestServer } from '../server.ts';
import { expectProblem } from './problem.ts';

const WEIGHTS = 'adapter_model.safetensors';
const DESCRIPTION = 'Answer with the first word.';

let server: TestServer;
let adapter: AdapterDocument;

beforeAll(async () => {
  server = await startServer();
  const made = await server.send('/v1/adapters', { description: DESCRIPTION });
  adapter = adapterSchema.parse(await made.json());
  await (await server.fetch(`/v1/adapters/${adapter.id}/${WEIGHTS}`)).arrayBuffer();
});

afterAll(() => server.close());

test('reads go on that need no row, others are 503 with a time, and all is well afterwards', async () => {
  await server.env.DB.prepare('ALTER TABLE adapters RENAME TO away').run();
  const file = await server.fetch(`/v1/adapters/${adapter.id}/${WEIGHTS}`);
  expect(file.status).toBe(200);
  expect(await sha256Hex(new Uint8Array(await file.arrayBuffer()))).toBe(
    adapter.files[WEIGHTS]?.sha256,
  );
  const page = await server.fetch('/', { headers: { accept: 'application/json' } });
  expect(page.status).toBe(200);
  await page.arrayBuffer();
  const begun = performance.now();
  const asked = [
    () => server.fetch(`/v1/adapters/${adapter.id}`),
    () => server.fetch('/v1/adapters'),
    () => server.send('/v1/adapters', { description: 'Answer with the last word.' }),
  ];
  for (const ask of asked) {
    const response = await ask();
    expect(response.headers.get('retry-after')).toBe('5');
    await expectProblem(response, 'store_unavailable');
  }
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect((await server.fetch('/healthz')).status).toBe(503);

  await server.env.DB.prepare('ALTER TABLE away RENAME TO adapters').run();
  const again = await server.send('/v1/adapters', { description: DESCRIPTION });
  expect(again.status).toBe(200);
  expect(((await again.json()) as { id: string }).id).toBe(adapter.id);
});
