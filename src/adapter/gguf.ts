/**
 * An adapter for llama.cpp and what is built on it: `adapter.gguf`, equal in names, shapes and values
 * to what llama.cpp's convert_lora_to_gguf.py makes of the PEFT files.
 *
 * llama.cpp's llama architecture has the rows of q_proj and k_proj in another order (`gguf-llama.ts`), and
 * so must B, whose rows are the rows of the update. Without it the adapter loads and is wrong. It takes
 * the number of heads, which the shapes do not tell. A is never reordered, and the other architectures
 * keep the order of transformers.
 */
import type { Target } from '../bundle/manifest.ts';
import { type GgufMetadata, layoutGguf } from './gguf-file.ts';
import { LLAMA_TENSORS, rowOfPaired } from './gguf-llama.ts';
import {
  copy,
  elements,
  type LayoutFacts,
  type LayoutFile,
  type LoraTensor,
  loraTensors,
  type TensorWriter,
  tensorFile,
  unavailable,
} from './layout.ts';
import { STORED } from './peft.ts';

/** The file's name. */
export const GGUF_FILE = 'adapter.gguf';

/** transformers' model_type -> llama.cpp's architecture, and whether it reorders heads. */
const ARCHITECTURES: Readonly<Record<string, { readonly name: string; readonly paired: boolean }>> =
  {
    llama: { name: 'llama', paired: true },
    mistral: { name: 'llama', paired: true },
    gemma: { name: 'gemma', paired: false },
    gemma2: { name: 'gemma2', paired: false },
    qwen2: { name: 'qwen2', paired: false },
    qwen3: { name: 'qwen3', paired: false },
    phi3: { name: 'phi3', paired: false },
  };

/** Path inside a transformer layer -> llama.cpp's name of the tensor. */
const TENSORS: Readonly<Record<string, string>> = {
  ...LLAMA_TENSORS,
  'self_attn.qkv_proj': 'attn_qkv',
  'mlp.gate_up_proj': 'ffn_up', // gate and up in one, as llama.cpp has them too
};

/** `general.file_type`: what most tensors are. */
const FILE_TYPES: Readonly<Record<LayoutFacts['dtype'], number>> = {
  float32: 0,
  float16: 1,
  bfloat16: 32,
};
const QUANTIZATION_VERSION = 2;

const SHORT_ID_DIGITS = 12;

/**
 * The GGUF file of an adapter.
 *
 * @throws T2lError `layout_unavailable` if llama.cpp has no such base model, or if its rows must be
 *   reordered and the manifest does not name its heads
 */
export function ggufFile(facts: LayoutFacts): LayoutFile {
  const { target, dtype } = facts;
  const architecture = architectureOf(target);
  const stored = STORED[dtype];
  const plan = [...loraTensors(target)].map((tensor) => ({
    name: tensorNameOf(tensor),
    dtype: stored,
    shape: [tensor.rows, tensor.columns],
    source: tensor.source,
    write: architecture.paired ? writerOf(tensor, target) : copy,
  }));
  return tensorFile(GGUF_FILE, layoutGguf(metadataOf(facts, architecture.name), plan), plan);
}

/** Keys and their order are the converter's; it leaves out `general.file_type`. */
function metadataOf(
  { id, target: { base_model, rank }, dtype }: LayoutFacts,
  architecture: string,
): GgufMetadata {
  const [name = '', organization] = base_model.id.split('/').reverse();
  return [
    ['general.architecture', { string: architecture }],
    ['general.type', { string: 'adapter' }],
    ['adapter.type', { string: 'lora' }],
    ['general.name', { string: `t2l ${id.slice(0, SHORT_ID_DIGITS)}` }],
    ['general.license', { string: base_model.license }],
    ['general.base_model.count', { uint32: 1 }],
    ['general.base_model.0.name', { string: name.replaceAll('-', ' ') }],
    ...(organization === undefined
      ? []
      : [['general.base_model.0.organization', { string: organization }] as const]),
    ['general.tags', { strings: ['lora', 'text-to-lora', 'text-generation'] }],
    // llama.cpp applies alpha / rank, which is 1: the scale of training lies in B.
    ['adapter.lora.alpha', { float32: rank }],
    ['general.file_type', { uint32: FILE_TYPES[dtype] }],
    ['general.quantization_version', { uint32: QUANTIZATION_VERSION }],
  ];
}

function architectureOf({ base_model }: Target): { name: string; paired: boolean } {
  const { architecture } = base_model;
  const known = Object.hasOwn(ARCHITECTURES, architecture)
    ? ARCHITECTURES[architecture]
    : undefined;
  if (known === undefined) {
    throw unavailable(
      `The base model is a ${architecture} model; GGUF adapters are made for ` +
        `${Object.keys(ARCHITECTURES).join(', ')}.`,
    );
  }
  return known;
}

function tensorNameOf({ layer, module, side }: LoraTensor): string {
  const name = Object.hasOwn(TENSORS, module.path) ? TENSORS[module.path] : undefined;
  if (name === undefined) {
    throw unavailable(`llama.cpp has no name for the module ${module.path}.`);
  }
  return `blk.${layer}.${name}.weight.lora_${side.toLowerCase()}`;
}

function writerOf({ module, side }: LoraTensor, { attention }: Target): TensorWriter {
  const isQuery = module.path === 'self_attn.q_proj';
  if (side === 'A' || !(isQuery || module.path === 'self_attn.k_proj')) {
    return copy;
  }
  if (attention === undefined) {
    throw unavailable(
      `llama.cpp orders the rows of ${module.name} by head, and the manifest does not say how many ` +
        'heads the base model has (target.attention): export or import the hypernetwork again.',
    );
  }
  const heads = isQuery ? attention.heads : attention.kv_heads;
  const size = module.out / heads;
  if (!Number.isInteger(size / 2)) {
    throw unavailable(`${module.name} has ${module.out} rows, which ${heads} heads cannot pair.`);
  }
  return pairHalves(size);
}

/** Rows reordered within each head. */
function pairHalves(headRows: number): TensorWriter {
  return ({ data, dtype, shape }, place) => {
    const [rows = 0, columns = 0] = shape;
    const [from, to] = [elements(data, dtype), elements(place, dtype)];
    for (let row = 0; row < rows; row++) {
      const source = rowOfPaired(row, headRows);
      for (let column = 0; column < columns; column++) {
        to[row * columns + column] = from[source * columns + column] as number;
      }
    }
  };
}
