/**
 * An adapter in PEFT's layout: `adapter_model.safetensors` and `adapter_config.json`.
 *
 * The alpha/r of training is already folded into B, so the config always says lora_alpha = r and
 * use_rslora = false and every consumer applies exactly 1, also those that ignore either key. The
 * config holds only keys that every release of PEFT knows: those before 0.14 refuse a file with a
 * key they do not know. Nothing here depends on time or place: equal inputs give equal bytes.
 */
import type { Manifest } from '../bundle/manifest.ts';
import type { LoraWeights } from '../hypernet/runtime.ts';
import { encodeBfloat16, encodeFloat16 } from './float16.ts';
import { layoutSafetensors, type TensorDtype } from './safetensors.ts';

/** Number formats an adapter can be had in. */
export const ADAPTER_DTYPES = ['float16', 'bfloat16', 'float32'] as const;

/** A number format of an adapter. */
export type AdapterDtype = (typeof ADAPTER_DTYPES)[number];

/** One file of an adapter. */
export interface AdapterFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** What PEFT calls the weights file. */
export const WEIGHTS_FILE = 'adapter_model.safetensors';
/** What PEFT calls the config file. */
export const CONFIG_FILE = 'adapter_config.json';

/** What safetensors calls each dtype. */
export const STORED: Readonly<Record<AdapterDtype, TensorDtype>> = {
  float16: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
};

/**
 * Packs LoRA weights for PEFT.
 *
 * @param strength factor on the applied update; multiplied into B
 * @throws T2lError `adapter_out_of_range` if a weight does not fit the dtype
 */
export function packPeft({
  manifest,
  weights,
  dtype,
  strength,
}: {
  manifest: Pick<Manifest, 'target'>;
  weights: LoraWeights;
  dtype: AdapterDtype;
  strength: number;
}): { files: AdapterFile[]; parameters: number } {
  const tensors = [...adapterTensors(manifest, weights)];
  const { file, views } = layoutSafetensors(
    tensors.map(({ name, shape }) => ({ name, shape, dtype: STORED[dtype] })),
  );
  let parameters = 0;
  for (const { name, values, isB } of tensors) {
    parameters += values.length;
    // In float32, as PyTorch would scale the weights before it converts them.
    const scaled = isB && strength !== 1 ? values.map((value) => value * strength) : values;
    store(scaled, dtype, views.get(name) as Uint8Array);
  }
  return {
    files: [
      { name: WEIGHTS_FILE, contentType: 'application/octet-stream', bytes: file },
      {
        name: CONFIG_FILE,
        contentType: 'application/json',
        bytes: jsonBytes(peftConfig(manifest)),
      },
    ],
    parameters,
  };
}

/** The adapter_config.json of every adapter of a bundle. */
export function peftConfig({ target }: Pick<Manifest, 'target'>): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: target.base_model.id,
    revision: target.base_model.revision,
    inference_mode: true,
    r: target.rank,
    lora_alpha: target.rank,
    lora_dropout: 0,
    target_modules: target.modules.map(({ name }) => name),
    bias: 'none',
    fan_in_fan_out: false,
    modules_to_save: null,
    use_rslora: false,
    use_dora: false,
    init_lora_weights: true,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
    layers_pattern: null,
  };
}

/** PEFT's name of one LoRA matrix. */
export function tensorName(path: string, layer: number, side: 'A' | 'B'): string {
  // Without this prefix PEFT loads the file, warns, and applies an update of zeros.
  return `base_model.model.model.layers.${layer}.${path}.lora_${side}.weight`;
}

interface AdapterTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly isB: boolean;
}

function* adapterTensors(
  { target }: Pick<Manifest, 'target'>,
  weights: LoraWeights,
): Generator<AdapterTensor> {
  const { layers, modules, rank } = target;
  for (const { name: module, path, in: inner, out } of modules) {
    const pair = weights.get(module);
    if (pair === undefined) {
      throw new Error(`no weights for module ${module}`);
    }
    for (let layer = 0; layer < layers; layer++) {
      yield {
        name: tensorName(path, layer, 'A'),
        shape: [rank, inner],
        values: pair.A.subarray(layer * rank * inner, (layer + 1) * rank * inner),
        isB: false,
      };
      yield {
        name: tensorName(path, layer, 'B'),
        shape: [out, rank],
        values: pair.B.subarray(layer * out * rank, (layer + 1) * out * rank),
        isB: true,
      };
    }
  }
}

function store(values: Float32Array, dtype: AdapterDtype, target: Uint8Array): void {
  if (dtype === 'float32') {
    target.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return;
  }
  const halves = new Uint16Array(target.buffer, target.byteOffset, values.length);
  (dtype === 'float16' ? encodeFloat16 : encodeBfloat16)(values, halves);
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
