import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { startServer, type TestServer } from '../server.ts';

type AdapterDocument = ReturnType<typeof adapterSchema.parse>;

const WEIGHTS = 'adapter_model.safetensors';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({}, { copies: false });
});

afterAll(async () => {
  await server.close();
});

async function make(description: string): Promise<AdapterDocument> {
  const response = await server.send('/v1/adapters', { description });
  return adapterSchema.parse(await response.json());
}

async function evict({ id, files }: AdapterDocument): Promise<void> {
  await server.env.ADAPTERS.delete(Object.keys(files).map((name) => `adapters/${id}/${name}`));
}

/** Asks as often as a client would; gives all statuses and the last answer. */
async function ask(path: string): Promise<{ statuses: number[]; last: Response }> {
  const statuses: number[] = [];
  for (;;) {
    const last = await server.fetch(path);
    statuses.push(last.status);
    if (last.status !== 503 || statuses.length === 30) {
      return { statuses, last };
    }
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await last.json()).toMatchObject({ code: 'adapter_remaking' });
    await sleep(1000);
  }
}

test('bytes that are gone are made again while the client waits for its retry', async () => {
  const adapter = await make('Reverse the list');
  const path = `/${adapter.repository}/resolve/main/${WEIGHTS}`;
  const before = Buffer.from(await (await server.fetch(path)).arrayBuffer());
  await evict(adapter);
  const { statuses, last } = await ask(path);
  expect([statuses[0], statuses.at(-1)]).toEqual([503, 200]);
  expect(last.headers.get('server-timing')).not.toContain('remake');
  expect(Buffer.from(await last.arrayBuffer())).toEqual(before);
  const config = await server.env.ADAPTERS.head(`adapters/${adapter.id}/adapter_config.json`);
  expect(config?.size).toBe(adapter.files['adapter_config.json']?.bytes);
});

test('the HEAD before a download starts the making and has all metadata', async () => {
  const adapter = await make('Keep the first word');
  await evict(adapter);
  const path = `/${adapter.repository}/resolve/main/${WEIGHTS}`;
  const head = await server.fetch(path, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.headers.get('x-linked-size')).toBe(String(adapter.files[WEIGHTS]?.bytes));
  for (let tries = 0; tries < 30; tries++) {
    if (await server.env.ADAPTERS.head(`adapters/${adapter.id}/${WEIGHTS}`)) {
      break;
    }
    await sleep(1000);
  }
  expect((await server.fetch(path)).status).toBe(200);
});

test('many requests for many evicted adapters are all served in the end', async () => {
  const adapters = [await make('Sort the words'), await make('Count the words')];
  await Promise.all(adapters.map(evict));
  const answers = await Promise.all(
    [...adapters, ...adapters].map(({ repository }) =>
      ask(`/${repository}/resolve/main/${WEIGHTS}`),
    ),
  );
  expect(answers.map(({ last }) => last.status)).toEqual([200, 200, 200, 200]);
});

test('bytes that cannot be made again are said to be so', async () => {
  const adapter = await make('Change me');
  await evict(adapter);
  const other = Buffer.alloc(384 * 4);
  other.writeFloatLE(1, 0);
  await server.env.DB.prepare('UPDATE adapters SET embedding = ? WHERE id = ?')
    .bind([...other], adapter.id)
    .run();
  const { statuses, last } = await ask(`/${adapter.repository}/resolve/main/${WEIGHTS}`);
  expect([statuses[0], statuses.at(-1)]).toEqual([503, 500]);
  expect(await last.json()).toMatchObject({ code: 'adapter_bytes_changed' });
});
