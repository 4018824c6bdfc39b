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
  unavailable,
} from './layout.ts';
import { CONFIG_FILE, LAYERS_PATH, STORED } from './peft.ts';
import { planSafetensors } from './safetensors.ts';

/** What mlx-lm calls the weights file. */
export const MLX_WEIGHTS_FILE = 'adapters.safetensors';

/**
 * The two files that `--adapter-path` names the folder of.
 *
 * @throws T2lError `layout_unavailable` for a base model that mlx-lm builds otherwise
 */
export function mlxFiles({ target, dtype }: LayoutFacts): LayoutFile[] {
  const { rank, layers, modules, base_model, layers_path = LAYERS_PATH } = target;
  if (layers_path !== LAYERS_PATH) {
    throw unavailable(
      `${base_model.id} has its layers at ${layers_path}; this layout is made for models that have them at ` +
        `${LAYERS_PATH}. Read it in the layout peft, which PEFT loads.`,
    );
  }
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
