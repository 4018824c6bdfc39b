/**
 * Writes the adapters and the base model of test/fixtures/layout-cases.ts for other programs to read;
 * `layout_reference.py` and `mlx_reference.py` say what they make of them.
 *
 *   node test/clients/write-layout-cases.ts OUT
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatFiles } from '../../src/adapter/layouts.ts';
import { ADAPTER_DTYPES, WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { layoutSafetensors } from '../../src/adapter/safetensors.ts';
import { baseConfig, baseWeights, caseAdapter, HIDDEN, LAYERS } from '../fixtures/layout-cases.ts';

const ARCHITECTURES = ['llama', 'mistral', 'gemma', 'gemma2', 'qwen2', 'qwen3', 'phi3'];

const [out = ''] = process.argv.slice(2);

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(out, path)), { recursive: true });
  await writeFile(join(out, path), content);
}

for (const architecture of ARCHITECTURES) {
  await write(`${architecture}/base/config.json`, JSON.stringify(baseConfig(architecture)));
  for (const dtype of architecture === 'llama' ? ADAPTER_DTYPES : (['float16'] as const)) {
    const { facts, files } = caseAdapter(architecture, dtype);
    for (const [name, bytes] of files) {
      await write(`${architecture}/${dtype}/peft/${name}`, bytes);
    }
    for (const file of formatFiles('mlx', facts)) {
      const bytes = await file.make(async () => files.get(WEIGHTS_FILE) as Uint8Array);
      await write(`${architecture}/${dtype}/mlx/${file.name}`, bytes);
    }
  }
}

const weights = new Map<string, { shape: number[]; values: Float32Array }>(baseWeights());
const ones = { shape: [HIDDEN], values: new Float32Array(HIDDEN).fill(1) };
weights.set('model.norm.weight', ones);
for (let layer = 0; layer < LAYERS; layer++) {
  weights.set(`model.layers.${layer}.input_layernorm.weight`, ones);
  weights.set(`model.layers.${layer}.post_attention_layernorm.weight`, ones);
}
const { file, views } = layoutSafetensors(
  [...weights].map(([name, { shape }]) => ({ name, shape, dtype: 'F32' })),
);
for (const [name, { values }] of weights) {
  views.get(name)?.set(new Uint8Array(values.buffer));
}
await write('llama/base/model.safetensors', file);
