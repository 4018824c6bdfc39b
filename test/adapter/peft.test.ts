import { describe, expect, test } from 'vitest';
import { type AdapterDtype, CONFIG_FILE, packPeft, WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { layoutSafetensors, readSafetensors } from '../../src/adapter/safetensors.ts';
import { unpackOutput, unpackPeft } from '../../src/adapter/unpack.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import { kindNetwork, kindTarget } from '../fixtures/kind-network.ts';
import { smallManifest } from '../fixtures/manifest.ts';
import { randomWeights } from '../fixtures/weights.ts';

const manifest = smallManifest();
const weights = randomWeights(manifest, 7);

function packed(dtype: AdapterDtype, strength = 1, of: LoraWeights = weights) {
  const { files, parameters } = packPeft({ manifest, weights: of, dtype, strength });
  const byName = new Map(files.map((file) => [file.name, file.bytes]));
  return {
    parameters,
    weights: byName.get(WEIGHTS_FILE) as Uint8Array,
    config: byName.get(CONFIG_FILE) as Uint8Array,
  };
}

test('tensors have the names and shapes that PEFT looks for', () => {
  const shapes = [...readSafetensors(packed('float16').weights)].map(([name, { shape, dtype }]) => [
    name,
    dtype,
    shape,
  ]);
  const expected = [0, 1].flatMap((layer) =>
    [
      ['q_proj', 'A', [2, 6]],
      ['q_proj', 'B', [6, 2]],
      ['v_proj', 'A', [2, 6]],
      ['v_proj', 'B', [4, 2]],
    ].map(([module, side, shape]) => [
      `base_model.model.model.layers.${layer}.self_attn.${module}.lora_${side}.weight`,
      'F16',
      shape,
    ]),
  );
  expect(shapes).toEqual(expected);
  expect(packed('float16').parameters).toBe(2 * (12 + 12 + 12 + 8));
});

test('float32 files hold the weights exactly', () => {
  expect(unpackPeft(packed('float32').weights)).toEqual(weights);
});

test('a name of millions of letters is refused as soon as it is read', () => {
  const name = `base_model.model.${'a'.repeat(3_000_000)}`;
  const { file } = layoutSafetensors([{ name, shape: [1], dtype: 'F32' }]);
  expect(() => unpackPeft(file)).toThrow(/is not the name of a LoRA weight/);
});

test('tensors lie where the base model has its layers', () => {
  const target = { ...manifest.target, layers_path: 'transformer.h' };
  const { files } = packPeft({ manifest: { target }, weights, dtype: 'float32', strength: 1 });
  const file = files[0]?.bytes as Uint8Array;
  expect([...readSafetensors(file).keys()][0]).toBe(
    'base_model.model.transformer.h.0.self_attn.q_proj.lora_A.weight',
  );
  expect(unpackPeft(file)).toEqual(weights);
  expect(unpackOutput(file, target)).toEqual(
    unpackOutput(packed('float32').weights, manifest.target),
  );
});

test.each([
  ['float16', (values: Float32Array) => new Float32Array(new Float16Array(values))],
  [
    'bfloat16',
    (values: Float32Array) =>
      values.map((value) => {
        // A bfloat16 keeps 8 bits of mantissa: the spacing at a value is 2^(exponent - 7).
        const spacing = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
        return Math.round(value / spacing) * spacing;
      }),
  ],
] as const)('%s files hold the rounded weights', (dtype, round) => {
  const read = unpackPeft(packed(dtype).weights);
  for (const [name, { A, B }] of weights) {
    expect(read.get(name)).toEqual({ A: round(A), B: round(B) });
  }
});

test('strength multiplies B and only B', () => {
  const read = unpackPeft(packed('float32', 0.3).weights);
  for (const [name, { A, B }] of weights) {
    expect(read.get(name)).toEqual({ A, B: B.map((value) => Math.fround(value * 0.3)) });
  }
});

test('the config says exactly what every release of PEFT understands', () => {
  expect(new TextDecoder().decode(packed('float16', 2).config)).toBe(`{
  "peft_type": "LORA",
  "task_type": "CAUSAL_LM",
  "base_model_name_or_path": "owner/base",
  "revision": "0123456789012345678901234567890123456789",
  "inference_mode": true,
  "r": 2,
  "lora_alpha": 2,
  "lora_dropout": 0,
  "target_modules": [
    "q_proj",
    "v_proj"
  ],
  "bias": "none",
  "fan_in_fan_out": false,
  "modules_to_save": null,
  "use_rslora": false,
  "use_dora": false,
  "init_lora_weights": true,
  "rank_pattern": {},
  "alpha_pattern": {},
  "layers_to_transform": null,
  "layers_pattern": null
}
`);
});

test('packing twice gives the same bytes', () => {
  expect(packed('bfloat16', 1.5)).toEqual(packed('bfloat16', 1.5));
});

test('a weight that float16 cannot hold is refused, not written as infinity', () => {
  const large = randomWeights(manifest, 7, 60_000);
  expect(() => packed('float16', 4, large)).toThrow(
    expect.objectContaining({ code: 'adapter_out_of_range', status: 422 }),
  );
  expect(() => packed('bfloat16', 4, large)).not.toThrow();
});

test('an adapter with a missing layer or a foreign tensor is not unpacked', () => {
  const text = new TextDecoder('latin1').decode(packed('float32').weights);
  const renamed = (from: string, to: string) =>
    Uint8Array.from(text.replaceAll(from, to), (character) => character.charCodeAt(0));
  expect(() => unpackPeft(renamed('layers.0.', 'layers.2.'))).toThrow(/layer 0 .* is missing/);
  expect(() => unpackPeft(renamed('.lora_A.', '.lora_C.'))).toThrow(/not the name of a LoRA/);
});

describe.each(['dora', 'ia3'] as const)('of the kind %s', (kind) => {
  const target = kindTarget(kind);
  const values = kindNetwork(target).expected(Float32Array.of(0.5, -0.25, 0.75));
  const pack = (dtype: AdapterDtype, strength = 1) => {
    const { files } = packPeft({ manifest: { target }, weights: values, dtype, strength });
    return files.find(({ name }) => name === WEIGHTS_FILE)?.bytes as Uint8Array;
  };

  test('tensors have the names and shapes that PEFT looks for', () => {
    const found = [...readSafetensors(pack('float16'))].map(([name, { shape }]) => [name, shape]);
    const lora = [
      ['q_proj.lora_A.weight', [2, 6]],
      ['q_proj.lora_B.weight', [6, 2]],
      ['q_proj.lora_magnitude_vector', [6]],
      ['v_proj.lora_A.weight', [2, 6]],
      ['v_proj.lora_B.weight', [4, 2]],
      ['v_proj.lora_magnitude_vector', [4]],
    ] as const;
    const factors = [
      ['q_proj.ia3_l', [6, 1]],
      ['v_proj.ia3_l', [1, 6]],
    ] as const;
    expect(found).toEqual(
      [0, 1].flatMap((layer) =>
        (kind === 'dora' ? lora : factors).map(([name, shape]) => [
          `base_model.model.model.layers.${layer}.self_attn.${name}`,
          shape,
        ]),
      ),
    );
  });

  test('float32 files hold the weights exactly, and packing twice gives the same bytes', () => {
    expect(unpackOutput(pack('float32'), target)).toEqual(values);
    expect(pack('bfloat16')).toEqual(pack('bfloat16'));
  });

  test('what reads LoRAs does not take it for one', () => {
    expect(() => unpackPeft(pack('float32'))).toThrow(/not the name of a LoRA weight/);
  });

  test('a file of another target is not read', () => {
    const wider = { ...target, modules: target.modules.map((module) => ({ ...module, in: 7 })) };
    expect(() => unpackOutput(pack('float32'), wider)).toThrow(/is not there as/);
  });
});

test.each([0.3, -1, 2])(
  'strength %f brings factors so much nearer to 1, or away from it',
  (strength) => {
    const target = kindTarget('ia3');
    const values = kindNetwork(target).expected(Float32Array.of(0.5, -0.25, 0.75));
    const { files } = packPeft({
      manifest: { target },
      weights: values,
      dtype: 'float32',
      strength,
    });
    const read = unpackOutput(files[0]?.bytes as Uint8Array, target);
    for (const [name, { L = new Float32Array(0) }] of values) {
      expect(read.get(name)?.L).toEqual(L.map((value) => 1 + strength * (value - 1)));
    }
  },
);
