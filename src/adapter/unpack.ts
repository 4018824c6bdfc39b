/**
 * The other direction of peft.ts: the weights in a PEFT adapter's safetensors file, stacked by layer as
 * the hypernetwork gives them. Of a LoRA the names in the file say everything and no manifest is needed,
 * of the other kinds the target says what to look for.
 */
import type { Target } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { weightsOf } from '../output/kinds.ts';
import type { LoraWeights } from '../output/lora-weights.ts';
import type { OutputWeights } from '../output/output.ts';
import { tensorName } from './peft.ts';
import { floatsOf, readSafetensors, type StoredTensor } from './safetensors.ts';

/**
 * The first number is that of the layer, wherever the model has its layers. There is one way only to read a
 * name: it comes from a file that anybody may have written, and can be long.
 */
const TENSOR_NAME =
  /^base_model\.model\.(?:(?!\d+\.)[^.]+\.)+(\d+)\.(?:.+\.)?([^.]+)\.lora_([AB])\.weight$/;

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
      throw invalid(`${name.slice(0, 100)} is not the name of a LoRA weight`);
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

/**
 * Reads an `adapter_model.safetensors` of any kind.
 *
 * @throws T2lError `safetensors_invalid` if it is not a safetensors file, or not an adapter for the target
 */
export function unpackOutput(file: Uint8Array, target: Target): OutputWeights {
  const tensors = readSafetensors(file);
  return weightsOf(target, ({ path }, side) => {
    const layers = Array.from({ length: target.layers }, (_, layer) => {
      const name = tensorName(target, path, layer, side);
      const tensor = tensors.get(name);
      if (tensor?.shape.join() !== side.stored.join()) {
        throw invalid(`${name} is not there as [${side.stored}]`);
      }
      return toFloat32(tensor);
    });
    return stack(layers, `${path} ${side.suffix}`);
  });
}

/** The values of an adapter's tensor. */
export function toFloat32(tensor: StoredTensor): Float32Array {
  const values = floatsOf(tensor);
  if (values === undefined) {
    throw invalid('it holds integers');
  }
  return values;
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
