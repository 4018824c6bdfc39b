/** A bucket with a budget, as deployed: the clock evicts, and a reader gets the same bytes all the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const WEIGHTS = 'adapter_model.safetensors';
/** Two adapters of t2l-mini and a part of a third. */
const BUDGET = 250_000;

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ ADMIN_TOKEN, STORED_BYTES: String(BUDGET) });
});

afterAll(() => server.close());

async function make(description: string): Promise<AdapterDocument> {
  const response = await server.send('/v1/adapters', { description });
  return adapterSchema.parse(await response.json());
}

async function bytesInBucket(): Promise<number> {
  const { objects } = await server.env.ADAPTERS.list({ prefix: 'adapters/' });
  return objects.reduce((sum, { size }) => sum + size, 0);
}

test('what is over the budget is evicted by the clock, and made again for whoever reads it', async () => {
  const made: AdapterDocument[] = [];
  for (const word of ['first', 'second', 'third', 'fourth', 'last']) {
    made.push(await make(`Answer with the ${word} word.`));
  }
  expect(await bytesInBucket()).toBeGreaterThan(BUDGET);
  expect(await server.scheduled()).toBe('ok');
  const left = await bytesInBucket();
  expect(left).toBeLessThanOrEqual(BUDGET);
  expect(left).toBeGreaterThan(0);

  let remade = 0;
  for (const { id, files } of made) {
    const response = await server.fetch(`/v1/adapters/${id}/${WEIGHTS}`);
    expect(response.status).toBe(200);
    remade += Number(/\bremake;dur=/.test(response.headers.get('server-timing') ?? ''));
    expect(await sha256Hex(new Uint8Array(await response.arrayBuffer()))).toBe(
      files[WEIGHTS]?.sha256,
    );
  }
  expect(remade).toBeGreaterThan(1);
  expect(remade).toBeLessThan(made.length);
});
