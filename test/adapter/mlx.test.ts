import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { mlxFiles } from '../../src/adapter/mlx.ts';
import { type AdapterDtype, WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { readSafetensors } from '../../src/adapter/safetensors.ts';
import { toFloat32 } from '../../src/adapter/unpack.ts';
import { caseAdapter, LAYERS } from '../fixtures/layout-cases.ts';
import reference from '../fixtures/mlx-reference.json' with { type: 'json' };

async function made(dtype: AdapterDtype): Promise<Map<string, Uint8Array>> {
  const { facts, files } = caseAdapter('llama', dtype);
  const made = new Map<string, Uint8Array>();
  for (const file of mlxFiles(facts)) {
    const bytes = await file.make(async () => files.get(WEIGHTS_FILE) as Uint8Array);
    expect(bytes).toHaveLength(file.bytes);
    made.set(file.name, bytes);
  }
  return made;
}

test.each(Object.keys(reference.files) as AdapterDtype[])(
  '%s: the files are those that gave mlx-lm the probabilities of PEFT',
  async (dtype) => {
    // What mlx-lm did with these very bytes is in the fixture; mlx_reference.py writes it.
    const { difference, effect, ...digests } = reference.files[dtype as 'float32'];
    expect(difference).toBeLessThan(2e-3);
    expect(effect).toBeGreaterThan(0.1);
    const files = [...(await made(dtype))].map(([name, bytes]) => [
      name,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
    expect(Object.fromEntries(files)).toEqual(digests);
  },
);

test('a base model with its layers elsewhere has no such layout', () => {
  const { facts } = caseAdapter('llama', 'float32');
  const target = { ...facts.target, layers_path: 'transformer.h' };
  expect(() => mlxFiles({ ...facts, target })).toThrow(
    /has its layers at transformer\.h; .* Read it in the layout peft/,
  );
});

test('every matrix is the transpose of the one in the PEFT file', async () => {
  const { files } = caseAdapter('llama', 'float32');
  const peft = readSafetensors(files.get(WEIGHTS_FILE) as Uint8Array);
  const mlx = readSafetensors((await made('float32')).get('adapters.safetensors') as Uint8Array);
  expect(mlx.size).toBe(peft.size);
  for (const [name, tensor] of peft) {
    const other = mlx.get(
      name
        .replace('base_model.model.', '')
        .replace(/lora_([AB])\.weight/, (_all, side: string) => `lora_${side.toLowerCase()}`),
    );
    const [rows = 0, columns = 0] = tensor.shape;
    expect(other?.shape).toEqual([columns, rows]);
    const [values, transposed] = [toFloat32(tensor), toFloat32(other ?? tensor)];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        expect(transposed[column * rows + row]).toBe(values[row * columns + column]);
      }
    }
  }
});

test('the config names every layer and module, and a scale of one', async () => {
  const config = (await made('float16')).get('adapter_config.json');
  expect(JSON.parse(new TextDecoder().decode(config))).toEqual({
    fine_tune_type: 'lora',
    model: 'owner/Tiny-Base-2L',
    num_layers: LAYERS,
    lora_parameters: {
      rank: 4,
      scale: 1,
      dropout: 0,
      keys: [
        'self_attn.q_proj',
        'self_attn.k_proj',
        'self_attn.v_proj',
        'self_attn.o_proj',
        'mlp.gate_proj',
        'mlp.up_proj',
        'mlp.down_proj',
      ],
    },
  });
});
