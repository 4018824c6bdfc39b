/**
 * The weights of a Llama as the graph reads them: float32, [in, out], the modules of a site side by side.
 *
 * GGUF has [out, in], as PyTorch. For its own way to turn heads it also has the rows of every head of
 * q_proj and k_proj in another order, first halves and second halves in turns; adapters are for the
 * order of the Hugging Face Hub, which is restored here.
 */
import { pairedRowOf } from '../../adapter/gguf-llama.ts';
import type { WeightFile } from '../../ort/session.ts';
import { rowReader, tensorBytes } from '../gguf/dequantise.ts';
import { type Gguf, type GgufTensor, invalid } from '../gguf/reader.ts';
import type { LlamaConfig } from './config.ts';
import type { Span } from './graph.ts';
import { type Site, sitesOf } from './sites.ts';

/** Rows that are widened before they are written as columns: a cache line of them. */
const TILE = 16;

const EMBEDDING = 'token_embd.weight';
const HEAD = 'output.weight';

/** Writes the embedding of a token, [hidden], into `target` from `start` on. */
export type Embed = (id: number, target: Float32Array, start: number) => void;

/**
 * The embeddings, as they are stored: a token's values are widened when it is read.
 *
 * @throws T2lError `base_model_invalid` if they are missing or of another size
 */
export function embeddingsOf(gguf: Gguf, { hidden, vocabulary }: LlamaConfig): Embed {
  const tensor = tensorOf(gguf, EMBEDDING, [vocabulary, hidden]);
  // A copy, so that nothing holds the whole file.
  const { start } = tensor;
  const bytes = new Uint8Array(gguf.bytes.subarray(start, start + tensorBytes(tensor)));
  return rowReader({ ...gguf, bytes }, { ...tensor, start: 0 });
}

/**
 * The weights of the head's graph, by its names.
 *
 * @throws T2lError `base_model_invalid` if a tensor is missing or of another size
 */
export function headWeights(gguf: Gguf, { hidden, vocabulary }: LlamaConfig): WeightFile[] {
  // A tied head is the embeddings.
  const name = gguf.tensors.has(HEAD) ? HEAD : EMBEDDING;
  const head = new Float32Array(hidden * vocabulary);
  turn(gguf, tensorOf(gguf, name, [vocabulary, hidden]), head, vocabulary, 0, 0);
  return [vector(gguf, 'norm', 'output_norm.weight', hidden), file('head', head)];
}

/**
 * The weights of the graph of some layers, by its names.
 *
 * @throws T2lError `base_model_invalid` if a tensor is missing or of another size
 */
export function layerWeights(gguf: Gguf, config: LlamaConfig, { from, to }: Span): WeightFile[] {
  const { hidden } = config;
  const files: WeightFile[] = [];
  for (let layer = from; layer < to; layer++) {
    const [own, stored] = [`layers.${layer}`, `blk.${layer}`];
    files.push(
      vector(gguf, `${own}.attention_norm`, `${stored}.attn_norm.weight`, hidden),
      vector(gguf, `${own}.ffn_norm`, `${stored}.ffn_norm.weight`, hidden),
      ...sitesOf(config).map((site) => file(`${own}.${site.name}`, sideBySide(gguf, stored, site))),
    );
  }
  return files;
}

function sideBySide(gguf: Gguf, stored: string, site: Site): Float32Array {
  const target = new Float32Array(site.in * site.out);
  let column = 0;
  for (const { tensor, out, rotated } of site.modules) {
    const name = `${stored}.${tensor}`;
    if (gguf.tensors.has(`${name}.bias`)) {
      throw invalid(`${name} has a bias, which is not known here`);
    }
    const weight = tensorOf(gguf, `${name}.weight`, [out, site.in]);
    turn(gguf, weight, target, site.out, column, rotated);
    column += out;
  }
  return target;
}

function vector(gguf: Gguf, path: string, name: string, size: number): WeightFile {
  const values = new Float32Array(size);
  rowReader(gguf, tensorOf(gguf, name, [size]))(0, values, 0);
  return file(path, values);
}

function file(path: string, { buffer }: Float32Array): WeightFile {
  return { path, data: new Uint8Array(buffer) };
}

/** Writes a tensor's rows as columns of `target`, [columns of the tensor, width], from `column` on. */
function turn(
  gguf: Gguf,
  tensor: GgufTensor,
  target: Float32Array,
  width: number,
  column: number,
  rotated: number,
): void {
  const [rows = 0, length = 0] = tensor.shape;
  const read = rowReader(gguf, tensor);
  const tile = new Float32Array(TILE * length);
  const perHead = rotated === 0 ? 0 : rows / rotated;
  for (let first = 0; first < rows; first += TILE) {
    const count = Math.min(TILE, rows - first);
    for (let at = 0; at < count; at++) {
      const row = first + at;
      read(perHead === 0 ? row : pairedRowOf(row, perHead), tile, at * length);
    }
    for (let k = 0; k < length; k++) {
      const to = k * width + column + first;
      for (let at = 0; at < count; at++) {
        target[to + at] = tile[at * length + k] as number;
      }
    }
  }
}

function tensorOf({ tensors }: Gguf, name: string, shape: readonly number[]): GgufTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined || tensor.shape.join() !== shape.join()) {
    throw invalid(`${name} must be [${shape}], and is ${tensor ? `[${tensor.shape}]` : 'missing'}`);
  }
  return tensor;
}
