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

test('a crowd of readers of an evicted file has it made once', async () => {
  const { id, files } = await make('Answer with the shortest word.');
  await server.env.ADAPTERS.delete(`adapters/${id}/${WEIGHTS}`);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => server.fetch(`/v1/adapters/${id}/${WEIGHTS}`)),
  );
  const remade = answers.filter((one) =>
    /\bremake;dur=/.test(one.headers.get('server-timing') ?? ''),
  );
  expect(remade).toHaveLength(1);
  for (const answer of answers) {
    expect(await sha256Hex(new Uint8Array(await answer.arrayBuffer()))).toBe(
      files[WEIGHTS]?.sha256,
    );
  }
});

test('an adapter that anybody asked for again does not expire, one that nobody did is gone', async () => {
  const asked = [
    (id: string) => server.fetch(`/v1/adapters/${id}`),
    (id: string) => server.fetch(`/v1/adapters/${id}/README.md`, { method: 'HEAD' }),
    (id: string) => server.fetch(`/t2l/${id}/resolve/main/adapter_config.json`),
    () => server.send('/v1/adapters', { description: 'Answer with the word number 3.' }),
  ];
  const kept: string[] = [];
  for (const [place, ask] of asked.entries()) {
    const { id } = await make(`Answer with the word number ${place}.`);
    // As if its files had been evicted: it is the asking that counts, not what is there.
    await server.env.ADAPTERS.delete(`adapters/${id}/${WEIGHTS}`);
    await (await ask(id)).arrayBuffer();
    kept.push(id);
  }
  const forgotten = await make('Answer with nothing at all.');
  await waitForNotes(kept.length + 7);
  await server.env.DB.prepare("UPDATE uses SET used_on = '2020-01-01'").run();
  expect(await server.scheduled()).toBe('ok');
  for (const id of kept) {
    expect((await server.fetch(`/v1/adapters/${id}`)).status, id).toBe(200);
  }
  expect((await server.fetch(`/v1/adapters/${forgotten.id}`)).status).toBe(404);
});

/** Notes are made after the answers. */
async function waitForNotes(rows: number): Promise<void> {
  await expect
    .poll(async () => (await server.env.DB.prepare('SELECT * FROM uses').all()).results.length)
    .toBe(rows);
  await new Promise((resolve) => setTimeout(resolve, 300));
}
