/** The sizes of a model of the Llama family, from the metadata of its GGUF file. */
import { type Gguf, type GgufValue, invalid } from '../gguf/reader.ts';

/** What the graph and its weights depend on. */
export interface LlamaConfig {
  readonly layers: number;
  readonly hidden: number;
  /** Of the feed-forward part. */
  readonly inner: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabulary: number;
  /** The most tokens that prompt and answer may have together. */
  readonly context: number;
  readonly epsilon: number;
  readonly ropeBase: number;
}

const ARCHITECTURE = 'llama';
const EMBEDDING = 'token_embd.weight';

/**
 * Reads them.
 *
 * @throws T2lError `base_model_invalid` if the file is of another architecture, or says too little
 */
export function readLlamaConfig({ metadata, tensors }: Gguf): LlamaConfig {
  const architecture = metadata.get('general.architecture');
  if (architecture !== ARCHITECTURE) {
    throw invalid(`its architecture is ${String(architecture)}, and only ${ARCHITECTURE} is known`);
  }
  const scaling = metadata.get(`${ARCHITECTURE}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none') {
    throw invalid('its rotary positions are scaled, which is not known here');
  }
  if ((metadata.get(`${ARCHITECTURE}.expert_count`) ?? 0) !== 0) {
    throw invalid('it is a mixture of experts, which is not known here');
  }
  const number = (key: string, otherwise?: number) =>
    positive(`${ARCHITECTURE}.${key}`, metadata.get(`${ARCHITECTURE}.${key}`) ?? otherwise);
  const hidden = number('embedding_length');
  const heads = number('attention.head_count');
  const headDim = number('attention.key_length', hidden / heads);
  if (number('rope.dimension_count', headDim) !== headDim) {
    throw invalid('its rotary positions turn a part of each head only');
  }
  return {
    layers: number('block_count'),
    hidden,
    inner: number('feed_forward_length'),
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    headDim,
    vocabulary: positive(EMBEDDING, tensors.get(EMBEDDING)?.shape[0]),
    context: number('context_length'),
    // The file has float32; the model was made with the short decimal that it stands for.
    epsilon: number('attention.layer_norm_rms_epsilon'),
    ropeBase: number('rope.freq_base', 10_000),
  };
}

function positive(key: string, value: GgufValue | undefined): number {
  if (typeof value !== 'number' || !(value > 0)) {
    throw invalid(`${key} must be a number above 0, and it is ${String(value)}`);
  }
  return value;
}
