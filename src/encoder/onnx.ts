/**
 * The embedded sentence encoder: a tokenizer and an ONNX graph of the bundle, run in the same ORT as
 * the hypernetwork. A graph that gives one hidden state a token is pooled here, over all tokens: one
 * sentence at a time means no padding. A graph that gives one vector has pooled already.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import type { Bundle } from '../bundle/bundle.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { createResidentCache } from '../hypernet/resident.ts';
import { free } from '../ort/memory.ts';
import { createSession, type OrtSession, type OrtTensor } from '../ort/session.ts';
import type { RawEncoder } from './index.ts';

type OnnxEncoderSpec = Extract<Manifest['encoder'], { kind: 'onnx' }>;

interface LoadedEncoder {
  readonly tokenizer: Tokenizer;
  readonly session: OrtSession;
  readonly released: boolean;
  release(): Promise<void>;
}

/** One encoder of up to this size stays loaded; a second one replaces it. */
const ENCODER_BUDGET_BYTES = 32 * 1024 * 1024;

const encoders = createResidentCache<LoadedEncoder>(ENCODER_BUDGET_BYTES);

/** The encoder that a bundle's files hold; loaded now, and again if it was evicted meanwhile. */
export async function createOnnxEncoder(
  bundle: Bundle,
  spec: OnnxEncoderSpec,
): Promise<RawEncoder> {
  await resident(bundle, spec);
  return async (text) => {
    let encoder = await resident(bundle, spec);
    while (encoder.released) {
      encoder = await resident(bundle, spec);
    }
    const ids = tokenIds(encoder.tokenizer, text, spec.max_tokens);
    const outputs = await encoder.session.run(feedsFor(encoder.session, ids));
    return pool(spec, Object.values(outputs)[0]);
  };
}

/** Token ids of a text with the special tokens, cut to `maxTokens` as transformers cuts it. */
export function tokenIds(tokenizer: Tokenizer, text: string, maxTokens: number): number[] {
  const { ids } = tokenizer.encode(text);
  if (ids.length <= maxTokens) {
    return ids;
  }
  // What is cut is text: the closing special token stays.
  return [...ids.slice(0, maxTokens - 1), ids[ids.length - 1] as number];
}

/** What of a tokenizer.json is large. */
interface TokenizerFile {
  readonly model?: { vocab?: unknown; merges?: unknown };
}

/** A tokenizer from the bytes of its tokenizer.json. */
export function parseTokenizer(bytes: Uint8Array): Tokenizer {
  const file: TokenizerFile = JSON.parse(new TextDecoder().decode(bytes));
  const tokenizer = new Tokenizer(file, {});
  // It has made its own tables of these, and refers to the file for as long as it lives: a megabyte of an isolate.
  delete file.model?.vocab;
  delete file.model?.merges;
  return tokenizer;
}

function resident(bundle: Bundle, spec: OnnxEncoderSpec): Promise<LoadedEncoder> {
  const model = fileOf(bundle, spec.files.model);
  const tokenizer = fileOf(bundle, spec.files.tokenizer);
  // Keyed by content: bundles that share an encoder share the session. `bundle.read` hashes what it
  // gives, so what is loaded under this key has these hashes, from whatever store it came.
  return encoders.get(`${model.sha256}/${tokenizer.sha256}`, model.bytes, async () => {
    // The tokenizer is there first and is made meanwhile; if it is broken, nobody waits for the graph.
    const coming = bundle.read(spec.files.model);
    coming.catch(() => undefined);
    const parsed = parseTokenizer(await bundle.read(spec.files.tokenizer));
    const graph = await coming;
    // 23 MB that would stay until the collector comes; with two encoders taking turns that adds up.
    const session = await createSession(graph).finally(() => free(graph));
    return {
      tokenizer: parsed,
      session,
      get released() {
        return session.released;
      },
      release: () => session.release(),
    };
  });
}

function fileOf(bundle: Bundle, file: string): { bytes: number; sha256: string } {
  return bundle.manifest.files[file] as { bytes: number; sha256: string };
}

function feedsFor(session: OrtSession, ids: readonly number[]): Record<string, OrtTensor> {
  const values: Record<string, BigInt64Array> = {
    input_ids: BigInt64Array.from(ids, BigInt),
    attention_mask: new BigInt64Array(ids.length).fill(1n),
    token_type_ids: new BigInt64Array(ids.length),
  };
  return Object.fromEntries(
    session.inputs.map((name) => {
      const data = values[name];
      if (data === undefined) {
        throw graphInvalid(`has an input ${name}, which encoders do not have`);
      }
      return [name, { type: 'int64', data, dims: [1, ids.length] }];
    }),
  );
}

function pool(spec: OnnxEncoderSpec, hidden: OrtTensor | undefined): Float32Array {
  if (hidden?.type !== 'float32') {
    throw graphInvalid('gives no float32 output');
  }
  if (hidden.dims.length === 2) {
    return hidden.data;
  }
  const [, tokens = 0, dim = 0] = hidden.dims;
  if (spec.pooling === 'cls') {
    return hidden.data.subarray(0, dim);
  }
  if (spec.pooling === 'last') {
    return hidden.data.subarray(hidden.data.length - dim);
  }
  if (spec.pooling === 'none') {
    throw graphInvalid('gives a vector a token, and the manifest does not say how to pool them');
  }
  const mean = new Float64Array(dim);
  for (let p = 0; p < tokens * dim; p++) {
    mean[p % dim] = (mean[p % dim] as number) + (hidden.data[p] as number);
  }
  return Float32Array.from(mean, (sum) => sum / tokens);
}

function graphInvalid(problem: string): T2lError {
  return new T2lError('bundle_graph_invalid', `The encoder's graph ${problem}.`);
}
