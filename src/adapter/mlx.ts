/**
 * An adapter for MLX (mlx-lm): `adapters.safetensors` and its own `adapter_config.json`.
 *
 * mlx-lm multiplies from the left, so both matrices lie transposed: lora_a [in, rank], lora_b
 * [rank, out]. Its `scale` is the factor itself, not an alpha to be divided by the rank: 1.
 */
import {
  jsonFile,
  type LayoutFacts,
  type LayoutFile,
  loraTensors,
  tensorFile,
  transpose,
} from './layout.ts';
import { CONFIG_FILE, STORED } from './peft.ts';
import { planSafetensors } from './safetensors.ts';

/** What mlx-lm calls the weights file. */
export const MLX_WEIGHTS_FILE = 'adapters.safetensors';

/** The two files that `--adapter-path` names the folder of. */
export function mlxFiles({ target, dtype }: LayoutFacts): LayoutFile[] {
  const { rank, layers, modules, base_model } = target;
  const plan = [...loraTensors(target)].map(({ layer, module, side, rows, columns, source }) => ({
    name: `model.layers.${layer}.${module.path}.lora_${side.toLowerCase()}`,
    dtype: STORED[dtype],
    shape: [columns, rows],
    source,
    write: transpose,
  }));
  return [
    tensorFile(MLX_WEIGHTS_FILE, planSafetensors(plan), plan),
    jsonFile(CONFIG_FILE, {
      fine_tune_type: 'lora',
      model: base_model.id,
      num_layers: layers,
      lora_parameters: {
        rank,
        scale: 1,
        dropout: 0,
        keys: modules.map(({ path }) => path),
      },
    }),
  ];
}
