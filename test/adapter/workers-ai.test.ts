import { expect, test } from 'vitest';
import {
  ADAPTER_DTYPES,
  CONFIG_FILE,
  packPeft,
  peftConfig,
  WEIGHTS_FILE,
} from '../../src/adapter/peft.ts';
import { readSafetensors, type StoredTensor } from '../../src/adapter/safetensors.ts';
import { toFloat32 } from '../../src/adapter/unpack.ts';
import { workersAiFiles } from '../../src/adapter/workers-ai.ts';
import { caseAdapter, caseManifest } from '../fixtures/layout-cases.ts';
import { randomWeights } from '../fixtures/weights.ts';

test.each(ADAPTER_DTYPES)('%s weights are stored in float16', async (dtype) => {
  const { facts, files } = caseAdapter('mistral', dtype);
  const [file] = workersAiFiles(facts);
  const stored = files.get(WEIGHTS_FILE) as Uint8Array;
  const made = (await file?.make(async () => stored)) as Uint8Array;
  expect(made).toHaveLength(file?.bytes ?? 0);
  if (dtype === 'float16') {
    expect(made).toEqual(stored);
  }
  const found = readSafetensors(made);
  for (const [name, tensor] of readSafetensors(stored)) {
    const { dtype, shape } = found.get(name) ?? {};
    expect([dtype, shape]).toEqual(['F16', tensor.shape]);
    const rounded = new Float32Array(new Float16Array(toFloat32(tensor)));
    expect(toFloat32(found.get(name) as StoredTensor)).toEqual(rounded);
  }
});

test.each([['mistral'], ['llama'], ['gemma']])("the config is PEFT's and says %s", async (type) => {
  const { facts } = caseAdapter(type, 'float16');
  const config = workersAiFiles(facts).find(({ name }) => name === CONFIG_FILE);
  const bytes = await config?.make(async () => new Uint8Array());
  expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({
    ...peftConfig(caseManifest(type)),
    model_type: type,
  });
});

test('base models and ranks that Workers AI does not take are refused', () => {
  const { facts } = caseAdapter('gemma2', 'float16');
  expect(() => workersAiFiles(facts)).toThrow(
    expect.objectContaining({ code: 'layout_unavailable', status: 422 }),
  );
  expect(() => workersAiFiles(facts)).toThrow(
    /gemma2; it takes adapters for mistral, gemma, llama/,
  );
  const llama = caseAdapter('llama', 'float16').facts;
  const wide = { ...llama, target: { ...llama.target, rank: 64 } };
  expect(() => workersAiFiles(wide)).toThrow(/rank is 64; Workers AI takes at most 32/);
});

test('a weight that float16 cannot hold is refused, not written as infinity', async () => {
  const manifest = caseManifest('llama');
  const weights = randomWeights(manifest, 1, 200_000);
  const { files } = packPeft({ manifest, weights, dtype: 'float32', strength: 1 });
  const stored = files.find(({ name }) => name === WEIGHTS_FILE)?.bytes as Uint8Array;
  const { facts } = caseAdapter('llama', 'float32');
  const [file] = workersAiFiles(facts);
  await expect(file?.make(async () => stored)).rejects.toThrow(
    expect.objectContaining({ code: 'adapter_out_of_range' }),
  );
});
