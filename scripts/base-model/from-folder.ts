/**
 * A model's folder, as the Hugging Face Hub has it, as one GGUF file: matrices in 8 bits (Q8_0), the rest in
 * float32, and its own tokenizer.json and chat template, word for word. What is known of the Llama family
 * is in src/lm/llama; a model of another one, or with parts that those lack, is refused.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type GgufMetadata, layoutGguf } from '../../src/adapter/gguf-file.ts';
import { LLAMA_TENSORS, rowOfPaired } from '../../src/adapter/gguf-llama.ts';
import type { StoredTensor } from '../../src/adapter/safetensors.ts';
import { TOKENIZER_JSON_KEY } from '../../src/lm/gguf/tokenizer.ts';
import { Refusal } from '../command.ts';
import { readCheckpoint, valuesOf } from './checkpoint.ts';
import { parseJson, readJson, readText } from './model-files.ts';
import { quantiseQ8 } from './quantise.ts';

const rotarySchema = z.looseObject({
  rope_theta: z.number().optional(),
  rope_type: z.string().optional(),
});

const configSchema = z.looseObject({
  model_type: z.literal('llama'),
  hidden_act: z.literal('silu').default('silu'),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  head_dim: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive().optional(),
  rope_scaling: rotarySchema.nullish(),
  rope_parameters: rotarySchema.nullish(),
  bos_token_id: z.int().nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int()).min(1)]),
});

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.int()) }),
  added_tokens: z
    .array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean() }))
    .default([]),
});

const templateSchema = z.looseObject({ chat_template: z.string().optional() });

const MODULES: Readonly<Record<string, string>> = {
  ...LLAMA_TENSORS,
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
};
const OTHERS: Readonly<Record<string, string>> = {
  'model.embed_tokens.weight': 'token_embd.weight',
  'model.norm.weight': 'output_norm.weight',
  'lm_head.weight': 'output.weight',
};
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

type Config = z.output<typeof configSchema>;

/**
 * The bytes of the file.
 *
 * @throws Refusal if the folder is no model's, or the model of another kind
 */
export async function ggufOfFolder(folder: string): Promise<Uint8Array> {
  const config = await readJson(folder, 'config.json', configSchema);
  const rotary = { ...config.rope_scaling, ...config.rope_parameters };
  if ((rotary.rope_type ?? 'default') !== 'default') {
    throw new Refusal(
      `${folder}: rotary positions of type ${rotary.rope_type} are not known here.`,
    );
  }
  const heads = config.num_attention_heads;
  const kvHeads = config.num_key_value_heads ?? heads;
  const metadata: GgufMetadata = [
    ['general.architecture', { string: 'llama' }],
    ['llama.block_count', { uint32: config.num_hidden_layers }],
    ['llama.context_length', { uint32: config.max_position_embeddings }],
    ['llama.embedding_length', { uint32: config.hidden_size }],
    ['llama.feed_forward_length', { uint32: config.intermediate_size }],
    ['llama.attention.head_count', { uint32: heads }],
    ['llama.attention.head_count_kv', { uint32: kvHeads }],
    ['llama.attention.key_length', { uint32: config.head_dim ?? config.hidden_size / heads }],
    ['llama.rope.freq_base', { float32: rotary.rope_theta ?? config.rope_theta ?? 10_000 }],
    ['llama.attention.layer_norm_rms_epsilon', { float32: config.rms_norm_eps }],
    ...(await tokenizerOf(folder, config)),
  ];
  const checkpoint = [...(await readCheckpoint(folder))].sort(([a], [b]) => (a < b ? -1 : 1));
  const tensors = checkpoint.map(([name, tensor]) => ({
    tensor,
    source: name,
    name: nameOf(folder, name),
    shape: tensor.shape,
    dtype: tensor.shape.length > 1 ? ('Q8_0' as const) : ('F32' as const),
  }));
  for (const { source, shape, dtype } of tensors) {
    if (dtype === 'Q8_0' && (shape.at(-1) ?? 0) % 32 !== 0) {
      throw new Refusal(`${folder}: ${source} has rows of ${shape.at(-1)}, no multiple of 32.`);
    }
  }
  const { file, views } = layoutGguf(metadata, tensors).allocate();
  for (const { name, source, tensor, dtype } of tensors) {
    const values = rowsOf(name, tensor, valuesOf(source, tensor), heads, kvHeads);
    const target = views.get(name) as Uint8Array;
    if (dtype === 'Q8_0') {
      quantiseQ8(values, target);
    } else {
      target.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  }
  return file;
}

function nameOf(folder: string, name: string): string {
  const [, layer, module = ''] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  const found = layer === undefined ? OTHERS[name] : MODULES[module];
  if (found === undefined) {
    throw new Refusal(
      `${folder}: the weight ${name} is none of a Llama's, so its model is another.`,
    );
  }
  return layer === undefined ? found : `blk.${layer}.${found}.weight`;
}

/** The rows of every head of q_proj and k_proj in llama.cpp's order. */
function rowsOf(
  name: string,
  { shape: [rows = 0, columns = 0] }: StoredTensor,
  values: Float32Array,
  heads: number,
  kvHeads: number,
): Float32Array {
  const [, which] = /attn_([qk])\.weight$/.exec(name) ?? [];
  if (which === undefined) {
    return values;
  }
  const size = rows / (which === 'q' ? heads : kvHeads);
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const from = rowOfPaired(row, size);
    turned.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return turned;
}

async function tokenizerOf(folder: string, config: Config): Promise<GgufMetadata> {
  const text = await readText(folder, 'tokenizer.json');
  const { model, added_tokens } = parseJson(folder, 'tokenizer.json', tokenizerSchema, text);
  const tokens: string[] = [];
  const types: number[] = [];
  for (const [token, id] of Object.entries(model.vocab)) {
    tokens[id] = token;
    types[id] = NORMAL;
  }
  for (const { id, content, special } of added_tokens) {
    tokens[id] = content;
    types[id] = special ? CONTROL : USER_DEFINED;
  }
  const eos = [config.eos_token_id].flat().at(-1) as number;
  const template = await chatTemplate(folder);
  return [
    ['tokenizer.ggml.tokens', { strings: Array.from(tokens, (token) => token ?? '') }],
    ['tokenizer.ggml.token_type', { int32s: Array.from(types, (type) => type ?? NORMAL) }],
    ...(typeof config.bos_token_id === 'number'
      ? [['tokenizer.ggml.bos_token_id', { uint32: config.bos_token_id }] as const]
      : []),
    ['tokenizer.ggml.eos_token_id', { uint32: eos }],
    ['tokenizer.chat_template', { string: template }],
    [TOKENIZER_JSON_KEY, { string: text }],
  ];
}

async function chatTemplate(folder: string): Promise<string> {
  const own = await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(() => undefined);
  const template =
    own ?? (await readJson(folder, 'tokenizer_config.json', templateSchema)).chat_template;
  if (template === undefined) {
    throw new Refusal(`${folder} has no chat template: choose an instruct model.`);
  }
  return template;
}
