import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runClient } from '../clients/python.ts';
import { startServer, type TestServer } from '../server.ts';
import { startVllm, type VllmServer } from './vllm-server.ts';

const SOURCE = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base');
const REFERENCE = join(import.meta.dirname, 'vllm_reference.py');
const PROMPTS = ['cat sun map -> ', 'red -> ', 'one two three four -> four'];

const adapterSchema = z.object({
  id: z.string(),
  repository: z.string(),
  files: z.record(z.string(), z.unknown()),
});
const probabilitiesSchema = z.array(z.number());
const referenceSchema = z.array(
  z.object({
    tokens: z.array(z.int()),
    base: probabilitiesSchema,
    adapter: probabilitiesSchema,
  }),
);
const completionSchema = z.object({
  choices: z.tuple([
    z.object({
      logprobs: z.object({ top_logprobs: z.tuple([z.record(z.string(), z.number())]) }),
    }),
  ]),
});

let endpoint: TestServer;
let vllm: VllmServer;
let home: string;
let repository: string;
let reference: z.infer<typeof referenceSchema>;

beforeAll(async () => {
  endpoint = await startServer();
  home = await mkdtemp(join(tmpdir(), 't2l-vllm-'));
  const [base, folder] = [join(home, 'base'), join(home, 'adapter')];
  const response = await endpoint.send('/v1/adapters', {
    description: 'Reverse the order of the words.',
    hypernet: 't2l-mini',
  });
  const document = adapterSchema.parse(await response.json());
  repository = document.repository;
  await mkdir(folder);
  for (const file of Object.keys(document.files)) {
    const bytes = await (await endpoint.fetch(`/v1/adapters/${document.id}/${file}`)).bytes();
    await writeFile(join(folder, file), bytes);
  }
  const args = ['python', REFERENCE, SOURCE, folder, base, ...PROMPTS] as const;
  reference = referenceSchema.parse(JSON.parse(await runClient('training', endpoint.origin, args)));
  vllm = await startVllm(base, endpoint.origin, home);
});

afterAll(async () => {
  await vllm?.close();
  await endpoint.close();
  await rm(home, { recursive: true, force: true });
});

test('vLLM loads an adapter by its repository and answers with the probabilities of PEFT', async () => {
  expect(
    await vllm.post('/v1/load_lora_adapter', { lora_name: 'x', lora_path: repository }),
  ).toEqual({ status: 200, text: expect.stringContaining('added successfully') });
  for (const { tokens, base, adapter } of reference) {
    expect(distance(adapter, base)).toBeGreaterThan(0.01);
    expect(distance(await nextToken('base', tokens), base)).toBeLessThan(1e-5);
    expect(distance(await nextToken('x', tokens), adapter)).toBeLessThan(1e-5);
  }
});

test('vLLM says that an adapter that is not there cannot be found', async () => {
  const answer = await vllm.post('/v1/load_lora_adapter', {
    lora_name: 'none',
    lora_path: `t2l/${'0'.repeat(64)}`,
  });
  expect(answer.status).toBe(404);
});

/** vLLM's probabilities of the token after these: [vocabulary]. */
async function nextToken(model: string, prompt: readonly number[]): Promise<number[]> {
  const { text } = await vllm.post('/v1/completions', {
    ...{ model, prompt, max_tokens: 1, temperature: 0, logprobs: 161 },
    return_tokens_as_token_ids: true,
  });
  const [top] = completionSchema.parse(JSON.parse(text)).choices[0].logprobs.top_logprobs;
  const probabilities: number[] = [];
  for (const [token, logprob] of Object.entries(top)) {
    probabilities[Number(token.replace('token_id:', ''))] = Math.exp(logprob);
  }
  return probabilities;
}

function distance(left: readonly number[], right: readonly number[]): number {
  expect(left).toHaveLength(right.length);
  return Math.max(...left.map((value, at) => Math.abs(value - (right[at] ?? Number.NaN))));
}
