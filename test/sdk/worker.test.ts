import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestHarness, unstable_readConfig as readConfig } from 'wrangler';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { ADMIN_TOKEN } from '../server.ts';
import { sendJson, startScripted } from './scripted-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const { compatibility_date = '', name = '' } = readConfig(
  { config: join(ROOT, 'wrangler.toml') },
  { hideWarnings: true },
);
const harness = createTestHarness({
  root: ROOT,
  workers: [
    {
      config: {
        name: 'sdk-client',
        main: 'test/sdk/client-worker.ts',
        compatibility_date,
        services: [{ binding: 'T2L', service: name }],
      },
    },
    { configPath: 'wrangler.toml', prebuiltWorkerDir: 'dist/worker', secrets: { ADMIN_TOKEN } },
  ],
});

beforeAll(async () => {
  await harness.listen();
  await harness.getWorker(name).applyD1Migrations('DB');
});

afterAll(async () => {
  await harness.close();
});

async function ask(query: Record<string, string>): Promise<unknown> {
  const response = await harness.fetch(`/?${new URLSearchParams(query)}`);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
}

test('a Worker makes and downloads an adapter through a service binding', async () => {
  const answer = (await ask({ description: 'Keep the first word' })) as {
    readonly document: AdapterDocument;
    readonly [member: string]: unknown;
  };
  const { id, files } = answer.document;
  expect(answer).toMatchObject({
    id,
    bytes: files['adapter_model.safetensors']?.bytes,
    refused: 'admin_token_wrong',
  });
});

test('a Worker sends the token to the own origin only', async () => {
  const health = { status: 'ok', hypernet: { name: 'n', version: '1.0.0', digest: 'd' } };
  const other = await startScripted((_, response) => sendJson(response, 200, health));
  const server = await startScripted((_, response) =>
    response.writeHead(307, { location: `${other.origin}/health` }).end(),
  );
  expect(await ask({ endpoint: server.origin })).toEqual(health);
  expect(server.requests).toEqual([{ line: 'GET /healthz', authorization: 'Bearer secret' }]);
  expect(other.requests).toEqual([{ line: 'GET /health', authorization: undefined }]);
  await Promise.all([server.close(), other.close()]);
});
