/**
 * What the exporter of training/ writes of other kinds than LoRA: the edge computes PyTorch's values from
 * it, gives them PEFT's names, and gives the same bytes whole and in chunks.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runTraining } from '../../scripts/bench/random-bundle.ts';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { checkGolden } from '../../scripts/release/golden.ts';
import { unpackOutput } from '../../src/adapter/unpack.ts';
import { type Bundle, openBundle } from '../../src/bundle/bundle.ts';
import { loadHypernet, runHypernet } from '../../src/hypernet/runtime.ts';
import { produceRecipe } from '../../src/pipeline/produce-recipe.ts';

// Each export starts Python and PyTorch: seconds, but on a busy machine half a minute.
vi.setConfig({ testTimeout: 600_000 });

const DIM = 32;
const EMBEDDING = Float32Array.from({ length: DIM }, (_, at) => Math.sin(at));
const TARGET = {
  base_model: { id: 'owner/base', revision: '0'.repeat(40), architecture: 'llama', license: 'mit' },
  layers: 3,
  modules: [
    { name: 'v_proj', path: 'self_attn.v_proj', in: 96, out: 64 },
    { name: 'down_proj', path: 'mlp.down_proj', in: 160, out: 96 },
  ],
  rank: 4,
  alpha: 8,
  use_rslora: true,
};

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 't2l-outputs-'));
  await writeFile(join(root, 'target.json'), JSON.stringify(TARGET));
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function exported(output: string, version: string, ...options: string[]): Promise<Bundle> {
  const name = `random-${output}`;
  runTraining('t2l.export.random_bundle', [
    ...['--variant', 'L', '--target', join(root, 'target.json'), '--output', output],
    ...['--dim', String(DIM), '--latent', '64', '--head-in', '96'],
    ...['--name', name, '--version', version, '--out', root, ...options],
  ]);
  const { digest } = await readBundleFolder(join(root, name, version));
  const source = { read: async (path: string) => new Uint8Array(await readFile(join(root, path))) };
  return openBundle(source, { name, version, digest });
}

test.each([
  ['dora', [undefined, undefined]],
  // PEFT's choice for the architecture.
  ['ia3', [undefined, true]],
] as const)('%s', async (output, feedforward) => {
  const whole = await exported(output, '1.0.0');
  const chunked = await exported(output, '1.0.1', '--chunked', '--chunk-bytes', '20000');
  const { target } = whole.manifest;
  expect(target.output).toBe(output);
  expect(target.modules.map((module) => module.feedforward)).toEqual(feedforward);
  expect(Object.keys((await checkGolden(whole)) ?? {})).toEqual(
    expect.arrayContaining(['float32_error', 'int8_cosine']),
  );
  for (const precision of ['float32', 'int8'] as const) {
    const recipe = {
      input: { embedding: EMBEDDING },
      precision,
      dtype: 'float32',
      strength: 1,
    } as const;
    const [one, other] = [
      await produceRecipe(whole, recipe, {}),
      await produceRecipe(chunked, recipe, {}),
    ];
    expect(other.files).toEqual(one.files);
    expect(Object.keys(one.norms)).toEqual(['v_proj', 'down_proj']);
    const given = await runHypernet(await loadHypernet(whole, precision), EMBEDDING);
    expect(unpackOutput(one.files[0]?.bytes as Uint8Array, target)).toEqual(given);
  }
});
