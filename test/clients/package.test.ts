import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Installed, installPackage } from '../package/installed.ts';
import { startServer, type TestServer } from '../server.ts';
import { runClient } from './python.ts';

/** Its base model is here. */
const HYPERNET = 't2l-mini';
const DESCRIPTION = 'Reverse the order of the words.';
const BASE = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base');

let server: TestServer;
let installed: Installed;

beforeAll(async () => {
  [server, installed] = await Promise.all([startServer(), installPackage()]);
});

afterAll(async () => {
  await server.close();
  await rm(installed.folder, { recursive: true, force: true });
});

test('PEFT loads what the package made here and gives the logits of the served adapter', async () => {
  await server.send('/v1/adapters', { description: DESCRIPTION, hypernet: HYPERNET });
  const answer = await installed.run(
    ...(['npx', 't2l', 'generate', DESCRIPTION, '--hypernet', HYPERNET] as const),
    ...['--out', 'a', '--json'],
  );
  const { repository } = JSON.parse(answer).adapter;
  const args = ['python', 'peft_calls.py', repository, join(installed.folder, 'a'), BASE] as const;
  const differences = JSON.parse(await runClient('training', server.origin, args));
  expect(differences).toMatchObject({ PeftModel: 0, AutoPeftModelForCausalLM: 0 });
  // Or both would agree on an adapter that does nothing.
  expect(differences.moved).toBeGreaterThan(0.1);
});
