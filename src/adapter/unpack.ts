/**
 * The other direction of peft.ts: the LoRA weights in a PEFT adapter's safetensors file, stacked by
 * layer as the hypernetwork gives them. The names in the file say everything; no manifest is needed.
 */
import { T2lError } from '../contract/errors.ts';
import type { LoraWeights } from '../hypernet/runtime.ts';
import { decodeBfloat16, decodeFloat16 } from './float16.ts';
import { readSafetensors, type StoredTensor } from './safetensors.ts';

const TENSOR_NAME =
  /^base_model\.model\.model\.layers\.(\d+)\.(?:.+\.)?([^.]+)\.lora_([AB])\.weight$/;

/**
 * Reads an `adapter_model.safetensors`.
 *
 * @throws T2lError `safetensors_invalid` if it is not a safetensors file or not a LoRA of this layout
 */
export function unpackPeft(file: Uint8Array): LoraWeights {
  const layers = new Map<string, { A: Float32Array[]; B: Float32Array[] }>();
  for (const [name, tensor] of readSafetensors(file)) {
    const [, layer, module, side] = TENSOR_NAME.exec(name) ?? [];
    if (layer === undefined || module === undefined || (side !== 'A' && side !== 'B')) {
      throw invalid(`${name} is not the name of a LoRA weight`);
    }
    const stacks = layers.get(module) ?? { A: [], B: [] };
    layers.set(module, stacks);
    stacks[side][Number(layer)] = toFloat32(tensor);
  }
  return new Map(
    [...layers].map(([module, { A, B }]) => [
      module,
      { A: stack(A, `${module} lora_A`), B: stack(B, `${module} lora_B`) },
    ]),
  );
}

/** A stored tensor's values. */
export function toFloat32({ dtype, data }: StoredTensor): Float32Array {
  // A copy, because a typed array needs an offset that is a multiple of its element size.
  const { buffer } = data.slice();
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return decodeFloat16(new Uint16Array(buffer));
    case 'BF16':
      return decodeBfloat16(new Uint16Array(buffer));
    case 'I64':
      throw invalid('it holds integers');
  }
}

/** One array of all layers; every layer must be there, and of one size. */
function stack(layers: Float32Array[], what: string): Float32Array {
  const size = layers[0]?.length ?? 0;
  const all = new Float32Array(size * layers.length);
  for (let layer = 0; layer < layers.length; layer++) {
    const values = layers[layer];
    if (values === undefined || values.length !== size) {
      throw invalid(`layer ${layer} of ${what} is missing or of another size`);
    }
    all.set(values, layer * size);
  }
  return all;
}

function invalid(problem: string): T2lError {
  return new T2lError('safetensors_invalid', `The adapter cannot be read: ${problem}.`);
}
