/**
 * What the exporter of training/ cuts is what the edge puts together: networks with random weights,
 * exported whole and in chunks, give adapters of the same bytes. They are wide enough that a product
 * is blocked along the features, where a careless cut would round differently.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runTraining } from '../../scripts/bench/random-bundle.ts';
import { uniform } from '../../scripts/command.ts';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { type Bundle, openBundle } from '../../src/bundle/bundle.ts';
import type { ProducedFile } from '../../src/pipeline/produce.ts';
import { produceRecipe } from '../../src/pipeline/produce-recipe.ts';

// Each export starts Python and PyTorch: seconds, but on a busy machine half a minute.
vi.setConfig({ testTimeout: 300_000 });

const DIM = 32;
const TARGET = {
  base_model: { id: 'owner/base', revision: '0'.repeat(40), architecture: 'llama', license: 'mit' },
  layers: 3,
  modules: [
    { name: 'q_proj', path: 'self_attn.q_proj', in: 512, out: 512 },
    { name: 'v_proj', path: 'self_attn.v_proj', in: 512, out: 256 },
  ],
  rank: 4,
  alpha: 8,
  use_rslora: true,
};

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 't2l-chunks-'));
  await writeFile(join(root, 'target.json'), JSON.stringify(TARGET));
});

afterAll(() => rm(root, { recursive: true, force: true }));

/** Exports a network and opens its bundle. */
async function exported(variant: string, version: string, options: string[]): Promise<Bundle> {
  const name = `random-${variant.toLowerCase()}`;
  runTraining('t2l.export.random_bundle', [
    ...['--variant', variant, '--target', join(root, 'target.json')],
    ...['--dim', String(DIM), '--latent', '64', '--head-in', '304'],
    ...['--name', name, '--version', version, '--out', root, ...options],
  ]);
  const { digest, manifest } = await readBundleFolder(join(root, name, version));
  const source = { read: async (path: string) => new Uint8Array(await readFile(join(root, path))) };
  return { ...(await openBundle(source, { name, version, digest })), manifest };
}

async function adapter(bundle: Bundle, precision: 'float32' | 'int8'): Promise<ProducedFile[]> {
  const next = uniform(3);
  const produced = await produceRecipe(
    bundle,
    {
      input: { embedding: Float32Array.from({ length: DIM }, () => (next() - 0.5) / 2) },
      precision,
      dtype: 'float32',
      strength: 1,
    },
    {},
  );
  return [...produced.files];
}

test.each(['L', 'M', 'S'])('variant %s', async (variant) => {
  const whole = await exported(variant, '1.0.0', []);
  const chunked = await exported(variant, '1.0.1', ['--chunked', '--chunk-bytes', '100000']);
  for (const precision of ['float32', 'int8'] as const) {
    expect(whole.manifest.graphs[precision]).toHaveProperty('file');
    const graph = chunked.manifest.graphs[precision];
    const chunks = graph && 'chunks' in graph ? graph.chunks : [];
    expect(chunks.length).toBeGreaterThan(precision === 'float32' ? 5 : 2);
    expect(graph).toHaveProperty('stages');
    expect(await adapter(chunked, precision)).toEqual(await adapter(whole, precision));
  }
});
