/**
 * An adapter for Workers AI: PEFT's two files, with what its finetunes ask for beside.
 *
 * The config names the `model_type`, which PEFT's must not have (old releases refuse keys that they
 * do not know), and the weights are float16 whatever the adapter's dtype is.
 */
import { encodeFloat16 } from './float16.ts';
import {
  copy,
  jsonFile,
  type LayoutFacts,
  type LayoutFile,
  loraTensors,
  type TensorWriter,
  tensorFile,
  unavailable,
} from './layout.ts';
import { CONFIG_FILE, peftConfig, STORED, WEIGHTS_FILE } from './peft.ts';
import { planSafetensors } from './safetensors.ts';
import { toFloat32 } from './unpack.ts';

/** The model types that finetunes may have; transformers calls these models the same. */
const MODEL_TYPES: readonly string[] = ['mistral', 'gemma', 'llama'];

/** "ranks up to 32", says the page on finetunes. */
const MAX_RANK = 32;

/**
 * The two files of a finetune.
 *
 * @throws T2lError `layout_unavailable` if Workers AI takes no such adapter
 */
export function workersAiFiles({ target, dtype }: LayoutFacts): LayoutFile[] {
  const { architecture } = target.base_model;
  if (!MODEL_TYPES.includes(architecture)) {
    throw unavailable(
      `Workers AI has no LoRA base model of the type ${architecture}; it takes adapters for ` +
        `${MODEL_TYPES.join(', ')}.`,
    );
  }
  if (target.rank > MAX_RANK) {
    throw unavailable(`The rank is ${target.rank}; Workers AI takes at most ${MAX_RANK}.`);
  }
  const plan = [...loraTensors(target)].map(({ rows, columns, source }) => ({
    name: source,
    dtype: 'F16' as const,
    shape: [rows, columns],
    source,
    write: STORED[dtype] === 'F16' ? copy : toFloat16,
  }));
  return [
    tensorFile(WEIGHTS_FILE, planSafetensors(plan), plan),
    jsonFile(CONFIG_FILE, { ...peftConfig({ target }), model_type: architecture }),
  ];
}

const toFloat16: TensorWriter = (tensor, { buffer, byteOffset, byteLength }) => {
  const halves = new Uint16Array(buffer, byteOffset, byteLength / Uint16Array.BYTES_PER_ELEMENT);
  encodeFloat16(toFloat32(tensor), halves);
};
