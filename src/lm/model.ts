/**
 * The tiny base model in ORT, with a LoRA and a key/value cache as graph inputs.
 *
 * One loaded graph serves every adapter: the weights of an adapter are ordinary inputs, zeros mean
 * none. The files come from a reader, so that the demo reads a folder and a Worker its assets.
 */
import type { Tokenizer } from '@huggingface/tokenizers';
import * as z from 'zod';
import { parseTokenizer } from '../encoder/onnx.ts';
import { createSession, type OrtSession } from '../ort/session.ts';

/** A loaded base model. */
export interface Lm {
  readonly session: OrtSession;
  readonly tokenizer: Tokenizer;
  /** The id of characters the vocabulary lacks. */
  readonly unknownId: number;
  readonly padId: number;
  readonly eosId: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly vocabulary: number;
  /** The most tokens that prompt and answer may have together; no bound if the config names none. */
  readonly context: number;
  /** In and out features of the modules a LoRA can be given for. */
  readonly modules: readonly { readonly name: string; readonly in: number; readonly out: number }[];
}

/** Reads a file of the model's folder. */
export type ModelReader = (file: string) => Promise<Uint8Array>;

const configSchema = z.object({
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().optional(),
  hidden_size: z.int().positive(),
  head_dim: z.int().positive().nullish(),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive().optional(),
  pad_token_id: z.int(),
  eos_token_id: z.int(),
});

const tokenizerSchema = z.object({ model: z.object({ unk_token: z.string().nullish() }) });

/** The checkpoint, in which the graph's weights lie. */
const WEIGHTS_FILE = 'model.safetensors';

/** Loads a base model from `lm.onnx`, `model.safetensors`, `config.json` and `tokenizer.json`. */
export async function loadLm(read: ModelReader): Promise<Lm> {
  const config = configSchema.parse(parseJson(await read('config.json')));
  const tokenizerBytes = await read('tokenizer.json');
  const tokenizer = parseTokenizer(tokenizerBytes);
  const { unk_token: unknown } = tokenizerSchema.parse(parseJson(tokenizerBytes)).model;
  const weights = { path: WEIGHTS_FILE, data: await read(WEIGHTS_FILE) };
  const session = await createSession(await read('lm.onnx'), 'wasm', [weights]);
  return {
    session,
    tokenizer,
    unknownId: tokenizer.token_to_id(unknown ?? '') ?? config.pad_token_id,
    padId: config.pad_token_id,
    eosId: config.eos_token_id,
    layers: config.num_hidden_layers,
    heads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    vocabulary: config.vocab_size,
    context: config.max_position_embeddings ?? Number.POSITIVE_INFINITY,
    modules: loraModules(session),
  };
}

/** The modules that the graph takes a LoRA for: `<module>.A` [layers, rank, in], `.B` [layers, out, rank]. */
function loraModules({ inputs, inputShapes }: OrtSession): Lm['modules'] {
  return inputs
    .filter((input) => input.endsWith('.A'))
    .map((input) => {
      const name = input.slice(0, -'.A'.length);
      return {
        name,
        in: Number(inputShapes.get(`${name}.A`)?.[2]),
        out: Number(inputShapes.get(`${name}.B`)?.[1]),
      };
    });
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
