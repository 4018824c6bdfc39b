import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { startServer, type TestServer } from '../server.ts';
import { runClient } from './python.ts';

const BASE = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base');

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 't2l-adapter-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

test('PEFT and transformers load an adapter by its repository alone', async () => {
  const response = await server.send('/v1/adapters', {
    description: 'Reverse the order of the words, then write every word in capital letters.',
    hypernet: 't2l-mini',
  });
  const { id, files, repository } = adapterSchema.parse(await response.json());
  for (const file of Object.keys(files)) {
    const bytes = await (await server.fetch(`/v1/adapters/${id}/${file}`)).arrayBuffer();
    await writeFile(join(folder, file), new Uint8Array(bytes));
  }
  const args = ['python', 'peft_calls.py', repository, folder, BASE] as const;
  const answer = JSON.parse(await runClient('training', server.origin, args));
  expect(answer).toEqual({
    moved: expect.any(Number),
    tokens: 0,
    PeftModel: 0,
    AutoPeftModelForCausalLM: 0,
    AutoModelForCausalLM: 0,
  });
  expect(answer.moved).toBeGreaterThan(0.1);
});
