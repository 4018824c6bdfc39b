/** `t2l` with adapters that are no LoRAs: what it tells of them, and where it sends those who want more. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kindNetwork, kindTarget } from '../fixtures/kind-network.ts';
import { writeBundle } from '../fixtures/tiny-llama-bundle.ts';
import { keptFolder, t2l } from './command.ts';

const folder = keptFolder();
const vector = join(folder, 'vector.json');
const here = ['--data', join(folder, 'data'), '--hypernets', join(folder, 'bundles')];
const made: Record<string, string> = {};

beforeAll(async () => {
  await writeFile(vector, JSON.stringify([0.5, -0.25, 0.75]));
  for (const kind of ['dora', 'ia3'] as const) {
    await writeBundle(join(folder, 'bundles'), kindNetwork(kindTarget(kind)).whole);
    const run = await generate(kind, '--out', join(folder, kind), '--json');
    made[kind] = JSON.parse(run.stdout).id;
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function generate(kind: string, ...more: readonly string[]) {
  const hypernet = ['--hypernet', `small-${kind}`];
  return t2l(['generate', '--embedding', vector, ...hypernet, ...more, ...here], { cwd: folder });
}

test.each([
  ['dora', 'DoRA of rank 2, q_proj, v_proj', /^layouts +peft$/m],
  ['ia3', 'IA3, q_proj, v_proj', /^layouts +peft$/m],
])('show says that an adapter is of the kind %s', async (kind, words, layouts) => {
  const { stdout } = await t2l(['show', made[kind] ?? '', ...here]);
  expect(stdout).toContain(words);
  expect(stdout).toMatch(layouts);
  expect((await t2l(['hypernet', 'show', `small-${kind}`, ...here])).stdout).toContain(words);
});

test.each([
  ['dora', 'DoRA'],
  ['ia3', 'IA3'],
])('an adapter of the kind %s has no other layout and does not run here', async (kind, title) => {
  const gguf = await generate(kind, '--layout', 'gguf', '--out', join(folder, `${kind}-gguf`));
  expect(gguf.code).not.toBe(0);
  expect(gguf.stderr).toContain(`An adapter of the kind ${title} has no gguf layout; it has peft.`);
  const run = await t2l(['run', made[kind] ?? '', 'cat sun map', ...here]);
  expect(run.code).not.toBe(0);
  expect(run.stderr).toContain(`with LoRA adapters only, and this one is of the kind ${title}`);
  expect(run.stderr).toContain('PeftModel.from_pretrained(base, ');
});

test('a strength that a DoRA cannot have is refused before anything is made', async () => {
  const run = await generate('dora', '--strength', '0.5');
  expect(run.code).not.toBe(0);
  expect(run.stderr).toContain('for strength 1 only, not 0.5');
  expect((await generate('ia3', '--strength', '0.5')).code).toBe(0);
});
