/**
 * An adapter in PEFT's layout: `adapter_model.safetensors` and `adapter_config.json`.
 *
 * What the tensors are called and what the config says, the kind of the output knows (`src/output`).
 * Nothing here depends on time or place: equal inputs give equal bytes.
 */
import type { Manifest } from '../bundle/manifest.ts';
import { outputOf, sidesOf, sizeOf } from '../output/kinds.ts';
import type { OutputTarget, OutputWeights, Side } from '../output/output.ts';
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
 * Packs weights for PEFT.
 *
 * @param strength factor on what the adapter changes, worked into the values
 * @throws T2lError `adapter_out_of_range` if a weight does not fit the dtype
 */
export function packPeft({
  manifest,
  weights,
  dtype,
  strength,
}: {
  manifest: Pick<Manifest, 'target'>;
  weights: OutputWeights;
  dtype: AdapterDtype;
  strength: number;
}): { files: AdapterFile[]; parameters: number } {
  const tensors = [...adapterTensors(manifest, weights)];
  const { file, views } = layoutSafetensors(
    tensors.map(({ name, side: { stored: shape } }) => ({ name, shape, dtype: STORED[dtype] })),
  );
  let parameters = 0;
  for (const { name, values, side } of tensors) {
    parameters += values.length;
    store(strengthened(values, side, strength), dtype, views.get(name) as Uint8Array);
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
  return outputOf(target).config(target);
}

/** Where nearly every model of transformers has its list of layers. */
export const LAYERS_PATH = 'model.layers';

/** PEFT's name of one tensor of a module in a layer. */
export function tensorName(
  { layers_path: layers = LAYERS_PATH }: Pick<OutputTarget, 'layers_path'>,
  path: string,
  layer: number,
  { suffix }: Pick<Side, 'suffix'>,
): string {
  // Without this prefix PEFT loads the file, warns, and applies an update of zeros.
  return `base_model.model.${layers}.${layer}.${path}.${suffix}`;
}

interface AdapterTensor {
  readonly name: string;
  readonly values: Float32Array;
  readonly side: Side;
}

function* adapterTensors(
  { target }: Pick<Manifest, 'target'>,
  weights: OutputWeights,
): Generator<AdapterTensor> {
  for (const module of target.modules) {
    const sides = sidesOf(target, module);
    for (let layer = 0; layer < target.layers; layer++) {
      for (const side of sides) {
        const ofAllLayers = weights.get(module.name)?.[side.name];
        if (ofAllLayers === undefined) {
          throw new Error(`no weights ${side.name} for module ${module.name}`);
        }
        const size = sizeOf(side);
        const values = ofAllLayers.subarray(layer * size, (layer + 1) * size);
        yield { name: tensorName(target, module.path, layer, side), values, side };
      }
    }
  }
}

function strengthened(
  values: Float32Array,
  { strengthened: formula }: Side,
  strength: number,
): Float32Array {
  // In float32, as PyTorch would scale the weights before it converts them.
  return formula === undefined || strength === 1
    ? values
    : values.map((value) => formula(value, strength));
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
