import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GGUF_FILE, ggufFile } from '../../src/adapter/gguf.ts';
import type { LayoutFacts } from '../../src/adapter/layout.ts';
import { type AdapterDtype, WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import type { Target } from '../../src/bundle/manifest.ts';
import { ADAPTER_ID, caseAdapter, RANK } from '../fixtures/layout-cases.ts';
import reference from '../fixtures/layout-reference.json' with { type: 'json' };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-gguf-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The GGUF file of a case, read back by the hub's own parser. */
async function read(architecture: string, dtype: AdapterDtype) {
  const { facts, files } = caseAdapter(architecture, dtype);
  const planned = ggufFile(facts);
  const bytes = await planned.make(async () => files.get(WEIGHTS_FILE) as Uint8Array);
  expect(bytes).toHaveLength(planned.bytes);
  const path = join(folder, `${architecture}-${dtype}.gguf`);
  await writeFile(path, bytes);
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
  const tensors = tensorInfos.map(({ name, shape, dtype: type, offset }) => {
    const values = shape.reduce((product, size) => product * Number(size), 1);
    const start = Number(tensorDataOffset + offset);
    const size = values * (type === GGMLQuantizationType.F32 ? 4 : 2);
    const data = bytes.subarray(start, start + size);
    const sha256 = createHash('sha256').update(data).digest('hex');
    return [name, [shape.map(Number), GGMLQuantizationType[type], sha256]] as const;
  });
  return { metadata: metadata as Record<string, unknown>, tensors };
}

function refusalOf(change: (target: Target) => Partial<Target>): unknown {
  const { facts } = caseAdapter('llama', 'float16');
  const changed: LayoutFacts = { ...facts, target: { ...facts.target, ...change(facts.target) } };
  try {
    ggufFile(changed);
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each(Object.entries(reference.converter))(
  "%s: tensors are those that llama.cpp's converter writes",
  async (name, expected) => {
    const [architecture = '', dtype] = name.split('/');
    const { metadata, tensors } = await read(architecture, dtype as AdapterDtype);
    expect(Object.fromEntries(tensors)).toEqual(expected.tensors);
    expect(tensors).toHaveLength(Object.keys(expected.tensors).length);
    expect(metadata).toMatchObject(expected.metadata);
  },
);

test('the metadata says what it is, for which base model, and that its scale is one', async () => {
  const { metadata } = await read('mistral', 'bfloat16');
  const { version, tensor_count, kv_count, ...keys } = metadata;
  expect([version, Number(tensor_count)]).toEqual([3, 2 * 7 * 2]);
  expect(keys).toEqual({
    'general.architecture': 'llama',
    'general.type': 'adapter',
    'adapter.type': 'lora',
    'general.name': `t2l ${ADAPTER_ID.slice(0, 12)}`,
    'general.license': 'apache-2.0',
    'general.base_model.count': 1,
    'general.base_model.0.name': 'Tiny Base 2L',
    'general.base_model.0.organization': 'owner',
    'general.tags': ['lora', 'text-to-lora', 'text-generation'],
    'adapter.lora.alpha': RANK,
    'general.file_type': 32,
    'general.quantization_version': 2,
  });
  expect(Number(kv_count)).toBe(Object.keys(keys).length);
});

test('without the number of heads there is no file for llama, and one for who needs none', () => {
  expect(refusalOf(() => ({ attention: undefined }))).toMatchObject({
    code: 'layout_unavailable',
    status: 422,
    detail: expect.stringMatching(/q_proj by head.*target\.attention/),
  });
  const values = (target: Target) => target.modules.filter(({ name }) => name === 'v_proj');
  expect(
    refusalOf((target) => ({ attention: undefined, modules: values(target) })),
  ).toBeUndefined();
  expect(
    refusalOf((target) => ({
      attention: undefined,
      base_model: { ...target.base_model, architecture: 'gemma2' },
    })),
  ).toBeUndefined();
});

test.each<[string, (target: Target) => Partial<Target>, RegExp]>([
  [
    'an architecture that llama.cpp does not have under this name',
    ({ base_model }) => ({ base_model: { ...base_model, architecture: 'constructor' } }),
    /a constructor model; GGUF adapters are made for llama, mistral,/,
  ],
  [
    'a module without a name in llama.cpp',
    () => ({ modules: [{ name: 'x_proj', path: 'self_attn.x_proj', in: 4, out: 4 }] }),
    /no name for the module self_attn\.x_proj/,
  ],
  [
    'heads whose rows make no pairs',
    () => ({ attention: { heads: 32, kv_heads: 16, head_dim: 1 } }),
    /q_proj has 32 rows, which 32 heads cannot pair/,
  ],
])('refused: %s', (_case, change, detail) => {
  expect(refusalOf(change)).toMatchObject({
    code: 'layout_unavailable',
    detail: expect.stringMatching(detail),
  });
});

test('the same adapter gives the same bytes, and another id another name', async () => {
  const { facts, files } = caseAdapter('llama', 'float32');
  const make = (id: string) =>
    ggufFile({ ...facts, id }).make(async () => files.get(WEIGHTS_FILE) as Uint8Array);
  expect(await make(ADAPTER_ID)).toEqual(await make(ADAPTER_ID));
  expect(await make('f'.repeat(64))).not.toEqual(await make(ADAPTER_ID));
  expect(ggufFile(facts).name).toBe(GGUF_FILE);
});
