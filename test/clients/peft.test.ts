import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { type SharedServer, sharedServer } from '../server.ts';
import { runClient } from './python.ts';

const BASE = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base');
const TRAINING = join(import.meta.dirname, '../../training');

let server: SharedServer;
let folder: string;

beforeAll(async () => {
  server = await sharedServer();
  folder = await mkdtemp(join(tmpdir(), 't2l-adapter-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What each environment's PEFT can do: transformers' own loading takes a newer one than PEFT's. */
const WAYS = {
  training: ['PeftModel', 'AutoPeftModelForCausalLM', 'AutoModelForCausalLM'],
  'peft-old': ['PeftModel', 'AutoPeftModelForCausalLM'],
} as const;

test.each(['training', 'peft-old'] as const)(
  'PEFT of the environment %s loads an adapter by its repository alone',
  async (environment) => {
    const response = await server.send('/v1/adapters', {
      description: 'Reverse the order of the words, then write every word in capital letters.',
      hypernet: 't2l-mini',
    });
    const { id, files, repository } = adapterSchema.parse(await response.json());
    for (const file of Object.keys(files)) {
      const bytes = await (await server.fetch(`/v1/adapters/${id}/${file}`)).arrayBuffer();
      await writeFile(join(folder, file), new Uint8Array(bytes));
    }
    const ways = WAYS[environment];
    const args = ['python', 'peft_calls.py', repository, folder, BASE, ...ways] as const;
    const answer = JSON.parse(await runClient(environment, server.origin, args));
    expect(answer).toEqual({
      moved: expect.any(Number),
      tokens: 0,
      ...Object.fromEntries(ways.map((way) => [way, 0])),
    });
    expect(answer.moved).toBeGreaterThan(0.1);
  },
);

test("the oldest PEFT that the Python package takes runs the package's own adapters", async () => {
  const version = ['python', '-c', 'import peft; print(peft.__version__)'] as const;
  const found = await runClient('peft-old', server.origin, version);
  const declared = await readFile(join(TRAINING, 'pyproject.toml'), 'utf8');
  expect(found.trim()).toBe(`${/"peft>=([\d.]+)"/.exec(declared)?.[1]}.0`);
  const files = ['test_api.py', 'test_base_state.py'].map((name) =>
    join(TRAINING, 'tests/api', name),
  );
  const args = ['python', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...files] as const;
  expect(await runClient('peft-old', server.origin, args)).toMatch(/ passed in /);
});
