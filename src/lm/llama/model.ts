/**
 * A model of the Llama family in ONNX Runtime, from the bytes of its GGUF file: its graphs are
 * written here, and its weights widened to float32, because the products of few bits that ONNX Runtime's
 * WebAssembly has are slower than those of floats.
 */

import { free } from '../../ort/memory.ts';
import {
  createSession,
  type OrtSession,
  type OrtTensor,
  type WeightFile,
} from '../../ort/session.ts';
import type { LoraWeights } from '../../output/lora-weights.ts';
import { readGguf } from '../gguf/reader.ts';
import { type GgufTokenizer, readTokenizer } from '../gguf/tokenizer.ts';
import { type LlamaConfig, readLlamaConfig } from './config.ts';
import { headGraph, layersGraph, type Span } from './graph.ts';
import { feedsOfSpan, siteFeeds } from './lora.ts';
import { type Rotary, rotaryFrequencies, rotaryTables } from './rotary.ts';
import { sitesOf } from './sites.ts';
import { type Embed, embeddingsOf, headWeights, layerWeights } from './weights.ts';

/** A loaded model. */
export interface Llama {
  readonly config: LlamaConfig;
  readonly tokens: GgufTokenizer;
  /** The Jinja template of its conversations, if it has one. */
  readonly chatTemplate: string | undefined;
  /** A text that is to be read, with an adapter's weights or without; nothing is computed yet. */
  begin(lora?: LoraWeights): Reading;
  release(): Promise<void>;
}

/** A text that is being read: it remembers what it has read. */
export interface Reading {
  /**
   * Reads on.
   *
   * @param ids at least one token
   * @param wanted the places among `ids` whose logits are to be computed; the last one by default
   * @returns logits [wanted, vocabulary]
   */
  read(ids: readonly number[], wanted?: readonly number[]): Promise<Float32Array>;
}

/** Places whose rotary positions are computed at a time. */
const PLACES = 512;
/** Of the weights of one graph. While it is loaded they are there three times. */
const PART_BYTES = 64e6;

/**
 * Loads a model; `bytes` may be dropped afterwards.
 *
 * @param tell is told what part of it is ready, from 0 to 1
 * @throws T2lError `base_model_invalid` for a file that is none, or whose model is not known here
 */
export async function loadLlama(
  bytes: Uint8Array,
  tell: (part: number) => void = () => undefined,
): Promise<Llama> {
  const gguf = readGguf(bytes);
  const config = readLlamaConfig(gguf);
  const tokens = readTokenizer(gguf);
  const template = gguf.metadata.get('tokenizer.chat_template');
  const frequencies = rotaryFrequencies(gguf, config);
  const embed = embeddingsOf(gguf, config);
  // The largest first: what it leaves is room for the others.
  const head = await open(headGraph(config), headWeights(gguf, config));
  const parts: Part[] = [];
  for (const span of spansOf(config)) {
    tell(span.from / config.layers);
    parts.push({
      span,
      session: await open(layersGraph(config, span), layerWeights(gguf, config, span)),
    });
  }
  tell(1);
  let rotary = rotaryTables(frequencies, Math.min(PLACES, config.context));
  function rotaryUpTo(places: number): Rotary {
    if (places > rotary.places) {
      rotary = rotaryTables(frequencies, Math.ceil(places / PLACES) * PLACES);
    }
    return rotary;
  }
  return {
    config,
    tokens,
    chatTemplate: typeof template === 'string' ? template : undefined,
    begin(lora) {
      const feeds = siteFeeds(config, lora);
      const adapters = parts.map(({ span }) => feedsOfSpan(feeds, span));
      const caches = parts.map(({ span }) => emptyCache(config, span));
      let total = 0;
      return {
        async read(ids, wanted = [ids.length - 1]) {
          const length = total + ids.length;
          const { places, cos, sin } = rotaryUpTo(length);
          const table = [places, config.headDim / 2];
          let x = embedded(config, embed, ids);
          for (const [at, { span, session }] of parts.entries()) {
            const outputs = await session.run({
              ...adapters[at],
              ...caches[at],
              x,
              total: int64([length]),
              cos: { type: 'float32', data: cos, dims: table },
              sin: { type: 'float32', data: sin, dims: table },
            });
            x = outputs.y as OrtTensor;
            caches[at] = cacheOf(span, outputs);
          }
          const { logits } = await head.run({ x, wanted: int64(wanted) });
          total = length;
          return logits?.data as Float32Array;
        },
      };
    },
    async release() {
      for (const session of [head, ...parts.map((part) => part.session)]) {
        await session.release();
      }
    },
  };
}

/** Some layers, loaded. */
interface Part {
  readonly span: Span;
  readonly session: OrtSession;
}

/** Layers of about PART_BYTES each. */
function spansOf(config: LlamaConfig): Span[] {
  const weights = sitesOf(config).reduce((sum, site) => sum + site.in * site.out, 0);
  const bytes = weights * Float32Array.BYTES_PER_ELEMENT;
  const most = Math.max(1, Math.floor(PART_BYTES / bytes));
  const spans: Span[] = [];
  for (let from = 0; from < config.layers; from += most) {
    spans.push({ from, to: Math.min(config.layers, from + most) });
  }
  return spans;
}

/** Loads a graph, and frees what its weights were outside of ONNX Runtime. */
async function open(graph: Uint8Array, weights: readonly WeightFile[]): Promise<OrtSession> {
  // A page or a progress bar wants to be drawn between two of them.
  await new Promise((resolve) => setTimeout(resolve));
  try {
    return await createSession(graph, 'wasm', weights, true);
  } finally {
    for (const { data } of weights) {
      free(data);
    }
  }
}

type Cache = Record<string, OrtTensor>;

function emptyCache({ kvHeads, headDim }: LlamaConfig, span: Span): Cache {
  const empty: OrtTensor = {
    type: 'float32',
    data: new Float32Array(0),
    dims: [1, kvHeads, 0, headDim],
  };
  return Object.fromEntries(cacheNames(span).map((name) => [`past_${name}`, empty]));
}

function cacheOf(span: Span, outputs: Record<string, OrtTensor>): Cache {
  return Object.fromEntries(
    cacheNames(span).map((name) => [`past_${name}`, outputs[`present_${name}`] as OrtTensor]),
  );
}

function cacheNames({ from, to }: Span): string[] {
  return Array.from({ length: to - from }, (_, at) => [
    `key.${from + at}`,
    `value.${from + at}`,
  ]).flat();
}

function embedded({ hidden }: LlamaConfig, embed: Embed, ids: readonly number[]): OrtTensor {
  const data = new Float32Array(ids.length * hidden);
  for (const [at, id] of ids.entries()) {
    embed(id, data, at * hidden);
  }
  return { type: 'float32', data, dims: [1, ids.length, hidden] };
}

function int64(values: readonly number[]): OrtTensor {
  return { type: 'int64', data: BigInt64Array.from(values, BigInt), dims: [values.length] };
}
