/**
 * Real llama.cpp (node-llama-cpp's CPU build) loads a base model and our `adapter.gguf`, and must say
 * what PEFT says with the PEFT files. The base model is written here, with its own reordering of the
 * rows of q_proj and k_proj: that it agrees with transformers alone shows that the order is right.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ControlledEvaluateInputItem,
  getLlama,
  type Llama,
  LlamaLogLevel,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ggufFile } from '../../src/adapter/gguf.ts';
import { layoutGguf } from '../../src/adapter/gguf-file.ts';
import { ADAPTER_DTYPES, WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import {
  ATTENTION,
  baseWeights,
  caseAdapter,
  HIDDEN,
  INTERMEDIATE,
  LAYERS,
  VOCABULARY,
} from '../fixtures/layout-cases.ts';
import reference from '../fixtures/layout-reference.json' with { type: 'json' };

/** llama.cpp keeps keys and values in float16. */
const TOLERANCE = 2e-3;

const BLOCK: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

/** A vocabulary that llama.cpp takes; the prompts are tokens. Types: 1 text, 2 unknown, 3 control. */
const PIECES: readonly (readonly [string, number])[] = [
  ['<unk>', 2],
  ['<s>', 3],
  ['</s>', 3],
  ['<pad>', 3],
  ...Array.from({ length: VOCABULARY - 4 }, (_, i) => [String.fromCodePoint(0x41 + i), 1] as const),
];

let folder: string;
let llama: Llama;
let model: LlamaModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-llama-'));
  await writeFile(join(folder, 'base.gguf'), baseGguf());
  llama = await getLlama({
    gpu: false,
    build: 'never',
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
  });
  model = await llama.loadModel({ modelPath: join(folder, 'base.gguf') });
});

afterAll(async () => {
  await model?.dispose();
  await llama?.dispose();
  await rm(folder, { recursive: true });
});

test('without an adapter it says what transformers says', async () => {
  expect(largest(await probabilities(), reference.peft.base)).toBeLessThan(TOLERANCE);
});

test.each(ADAPTER_DTYPES)('with the %s adapter it says what PEFT says', async (dtype) => {
  const { facts, files } = caseAdapter('llama', dtype);
  const path = join(folder, `${dtype}.gguf`);
  await writeFile(
    path,
    await ggufFile(facts).make(async () => files.get(WEIGHTS_FILE) as Uint8Array),
  );
  const found = await probabilities(path);
  // With bfloat16 llama.cpp rounds the other factor too, which by itself moves PEFT further than that.
  const wanted = reference.peft[dtype === 'bfloat16' ? 'bfloat16_input' : dtype];
  expect(largest(found, wanted)).toBeLessThan(TOLERANCE);
  expect(largest(found, reference.peft.base)).toBeGreaterThan(0.1);
});

/** Of the token after each prompt. */
async function probabilities(adapter?: string): Promise<number[][]> {
  const context = await model.createContext({
    contextSize: 32,
    threads: 1,
    ...(adapter === undefined ? {} : { lora: { adapters: [{ filePath: adapter }] } }),
  });
  const sequence = context.getSequence();
  const rows: number[][] = [];
  for (const prompt of reference.prompts) {
    await sequence.clearHistory();
    const last = prompt.length - 1;
    const input: ControlledEvaluateInputItem[] = prompt.slice(0, last) as Token[];
    input.push([prompt[last] as Token, { generateNext: { probabilities: true } }]);
    const output = await sequence.controlledEvaluate(input);
    const found = output[last]?.next.probabilities;
    rows.push(Array.from({ length: VOCABULARY }, (_, token) => found?.get(token as Token) ?? 0));
  }
  await context.dispose();
  return rows;
}

function largest(found: readonly number[][], wanted: readonly number[][]): number {
  return Math.max(
    ...wanted.flatMap((row, at) => row.map((value, i) => Math.abs(value - (found[at]?.[i] ?? 0)))),
  );
}

/** The base model of the fixtures as llama.cpp takes it, in float32. */
function baseGguf(): Uint8Array {
  const tensors = new Map<string, { shape: number[]; values: Float32Array }>();
  for (const [name, { shape, values }] of baseWeights()) {
    const [, layer, path = ''] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
    if (layer === undefined) {
      tensors.set(name.startsWith('lm_head') ? 'output.weight' : 'token_embd.weight', {
        shape,
        values,
      });
      continue;
    }
    const heads = { q_proj: ATTENTION.heads, k_proj: ATTENTION.kv_heads }[path.slice(-6)];
    tensors.set(`blk.${layer}.${BLOCK[path]}.weight`, {
      shape,
      values: heads === undefined ? values : paired(values, shape, heads),
    });
  }
  const ones = { shape: [HIDDEN], values: new Float32Array(HIDDEN).fill(1) };
  tensors.set('output_norm.weight', ones);
  for (let layer = 0; layer < LAYERS; layer++) {
    tensors.set(`blk.${layer}.attn_norm.weight`, ones);
    tensors.set(`blk.${layer}.ffn_norm.weight`, ones);
  }
  const layout = layoutGguf(
    [
      ['general.architecture', { string: 'llama' }],
      ['general.type', { string: 'model' }],
      ['llama.block_count', { uint32: LAYERS }],
      ['llama.context_length', { uint32: 256 }],
      ['llama.embedding_length', { uint32: HIDDEN }],
      ['llama.feed_forward_length', { uint32: INTERMEDIATE }],
      ['llama.attention.head_count', { uint32: ATTENTION.heads }],
      ['llama.attention.head_count_kv', { uint32: ATTENTION.kv_heads }],
      ['llama.attention.layer_norm_rms_epsilon', { float32: 1e-6 }],
      ['llama.rope.dimension_count', { uint32: ATTENTION.head_dim }],
      ['llama.rope.freq_base', { float32: 10000 }],
      ['llama.vocab_size', { uint32: VOCABULARY }],
      ['general.file_type', { uint32: 0 }],
      ['tokenizer.ggml.model', { string: 'bert' }], // the one that gives <unk> for what it lacks
      ['tokenizer.ggml.unknown_token_id', { uint32: 0 }],
      ['tokenizer.ggml.cls_token_id', { uint32: 1 }],
      ['tokenizer.ggml.bos_token_id', { uint32: 1 }],
      ['tokenizer.ggml.eos_token_id', { uint32: 2 }],
      ['tokenizer.ggml.seperator_token_id', { uint32: 2 }],
      ['tokenizer.ggml.padding_token_id', { uint32: 3 }],
      ['tokenizer.ggml.mask_token_id', { uint32: 3 }],
      ['tokenizer.ggml.tokens', { strings: PIECES.map(([piece]) => piece) }],
      ['tokenizer.ggml.scores', { float32s: PIECES.map(() => 0) }],
      ['tokenizer.ggml.token_type', { int32s: PIECES.map(([, type]) => type) }],
    ],
    [...tensors].map(([name, { shape }]) => ({ name, shape, dtype: 'F32' })),
  );
  const { file, views } = layout.allocate();
  for (const [name, { values }] of tensors) {
    views.get(name)?.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return file;
}

/** Rows as llama.cpp orders them: of each head the first row, the first of its second half, ... */
function paired(values: Float32Array, [rows = 0, columns = 0]: number[], heads: number) {
  const size = rows / heads;
  const order = Array.from({ length: rows }, (_, row) => row).sort((a, b) => {
    const place = (row: number) => {
      const within = row % size;
      const half = within >= size / 2 ? 1 : 0;
      return row - within + 2 * (within - (half * size) / 2) + half;
    };
    return place(a) - place(b);
  });
  const result = new Float32Array(values.length);
  order.forEach((row, at) => {
    result.set(values.subarray(row * columns, (row + 1) * columns), at * columns);
  });
  return result;
}
