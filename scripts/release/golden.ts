/**
 * Compares what a bundle's graphs give in this runtime with its golden vectors, which PyTorch made.
 *
 *   tokens     the same ids as training had
 *   embedding  cosine
 *   float32    largest difference, as a part of the largest value, of every output of the graph
 *   int8       cosine of the update B A of every module in every layer, against the float32 graph;
 *              without a float32 graph, cosine of every thinned output against the golden one
 */
import { readSafetensors, type StoredTensor } from '../../src/adapter/safetensors.ts';
import { normaliseDescription } from '../../src/description.ts';
import { type Encoder, encoderText, loadEncoder } from '../../src/encoder/index.ts';
import { parseTokenizer, tokenIds } from '../../src/encoder/onnx.ts';
import { T2lError } from '../../src/errors.ts';
import type { Bundle } from '../../src/hypernet/bundle.ts';
import type { Manifest } from '../../src/hypernet/manifest.ts';
import { type LoraWeights, loadHypernet, runHypernet } from '../../src/hypernet/runtime.ts';
import { cosine, relativeError, thinned } from './compare.ts';

/** Two runtimes round differently; anything structural is orders of magnitude larger. */
const MAX_FLOAT32_ERROR = 1e-5;
/** The encoder is int8: where rounding falls on the other side, a whole step is in between. */
const MIN_EMBEDDING_COSINE = 0.9999;
const MIN_INT8_COSINE = 0.9995;

/** The worst agreement found; a part that a bundle lacks is left out. */
export interface GoldenReport {
  readonly descriptions: number;
  tokens?: 'equal';
  embedding_cosine?: number;
  float32_error?: number;
  int8_cosine?: number;
}

/**
 * Runs every golden vector through every graph of a bundle.
 *
 * @throws T2lError `golden_mismatch` that names what differs and by how much
 */
export async function checkGolden(bundle: Bundle): Promise<GoldenReport> {
  const { manifest } = bundle;
  const { descriptions, file } = manifest.golden;
  const golden = readSafetensors(await bundle.read(file));
  const report: GoldenReport = { descriptions: descriptions.length };
  const embeddings = descriptions.map((_, index) => float32Row(golden, 'embedding', index));
  if (manifest.encoder.kind === 'onnx') {
    await checkEncoder(bundle, golden, embeddings, report);
  }
  for (const [index, embedding] of embeddings.entries()) {
    await checkGraphs(bundle, golden, embedding, index, report);
  }
  return report;
}

async function checkEncoder(
  bundle: Bundle,
  golden: ReadonlyMap<string, StoredTensor>,
  embeddings: readonly Float32Array[],
  report: GoldenReport,
): Promise<void> {
  const { encoder: spec, golden: listed } = bundle.manifest;
  if (spec.kind !== 'onnx') {
    return;
  }
  const tokenizer = parseTokenizer(await bundle.read(spec.files.tokenizer));
  const encoder: Encoder = await loadEncoder(bundle, {});
  for (const [index, description] of listed.descriptions.entries()) {
    const text = normaliseDescription(description);
    const ids = tokenIds(tokenizer, encoderText(spec, text), spec.max_tokens);
    const expected = int64Row(golden, 'tokens', index);
    expect(
      expected.every((id, position) => id === (ids[position] ?? 0)),
      `the tokenizer gives other ids for ${JSON.stringify(description)}`,
    );
    const found = cosine(await encoder.encode(text), embeddings[index] as Float32Array);
    expect(
      found >= MIN_EMBEDDING_COSINE,
      `the embedding of ${JSON.stringify(description)} has cosine ${found.toFixed(6)}, required is ${MIN_EMBEDDING_COSINE}`,
    );
    report.embedding_cosine = Math.min(report.embedding_cosine ?? 1, found);
  }
  report.tokens = 'equal';
}

async function checkGraphs(
  bundle: Bundle,
  golden: ReadonlyMap<string, StoredTensor>,
  embedding: Float32Array,
  index: number,
  report: GoldenReport,
): Promise<void> {
  const { graphs } = bundle.manifest;
  const exact = graphs.float32 && (await weightsOf(bundle, 'float32', embedding));
  const int8 = graphs.int8 && (await weightsOf(bundle, 'int8', embedding));
  if (exact !== undefined) {
    for (const [name, actual, expected] of outputs(bundle.manifest, exact, golden, index)) {
      const error = relativeError(actual, expected);
      expect(
        error <= MAX_FLOAT32_ERROR,
        `${name} of the float32 graph is off by ${show(error)} for golden vector ${index}, allowed is ${MAX_FLOAT32_ERROR}`,
      );
      report.float32_error = Math.max(report.float32_error ?? 0, error);
    }
  }
  if (int8 !== undefined) {
    const cosines =
      exact !== undefined
        ? updateCosines(bundle.manifest, exact, int8)
        : Array.from(outputs(bundle.manifest, int8, golden, index), ([name, x, y]) => {
            return [name, cosine(x, y)] as const;
          });
    for (const [name, found] of cosines) {
      expect(
        found >= MIN_INT8_COSINE,
        `${name} of the int8 graph has cosine ${found.toFixed(6)} for golden vector ${index}, required is ${MIN_INT8_COSINE}`,
      );
      report.int8_cosine = Math.min(report.int8_cosine ?? 1, found);
    }
  }
}

async function weightsOf(
  bundle: Bundle,
  precision: Manifest['precision'],
  embedding: Float32Array,
): Promise<LoraWeights> {
  return runHypernet(await loadHypernet(bundle, precision), embedding);
}

/** Every output of a graph, thinned as the golden vectors are, with the golden one. */
function* outputs(
  { target, golden: { limit } }: Manifest,
  weights: LoraWeights,
  golden: ReadonlyMap<string, StoredTensor>,
  index: number,
): Generator<[name: string, actual: Float32Array, expected: Float32Array]> {
  for (const { name } of target.modules) {
    for (const side of ['A', 'B'] as const) {
      const values = weights.get(name)?.[side] as Float32Array;
      const output = `${name}.${side}`;
      yield [output, thinned(values, limit), float32Row(golden, output, index)];
    }
  }
}

function* updateCosines(
  { target: { layers, modules, rank } }: Manifest,
  x: LoraWeights,
  y: LoraWeights,
): Generator<readonly [name: string, cosine: number]> {
  for (const { name } of modules) {
    for (let layer = 0; layer < layers; layer++) {
      const [p, q] = [layerOf(x, name, layer, layers), layerOf(y, name, layer, layers)];
      const lengths = updateProduct(p, p, rank) * updateProduct(q, q, rank);
      // No update at all has no direction; the float32 check has seen that it should be none.
      const found = lengths === 0 ? 1 : updateProduct(p, q, rank) / Math.sqrt(lengths);
      yield [`${name} in layer ${layer}`, found];
    }
  }
}

interface Pair {
  readonly A: Float32Array;
  readonly B: Float32Array;
}

function layerOf(weights: LoraWeights, name: string, layer: number, layers: number): Pair {
  const { A, B } = weights.get(name) as Pair;
  const [a, b] = [A.length / layers, B.length / layers];
  return { A: A.subarray(layer * a, (layer + 1) * a), B: B.subarray(layer * b, (layer + 1) * b) };
}

/** <B A, D C> = sum((B'D) * (A C')): rank x rank products instead of the updates themselves. */
function updateProduct(x: Pair, y: Pair, rank: number): number {
  const width = x.A.length / rank; // A [rank, in]
  const height = x.B.length / rank; // B [out, rank]
  let total = 0;
  for (let i = 0; i < rank; i++) {
    const row = x.A.subarray(i * width, (i + 1) * width);
    for (let j = 0; j < rank; j++) {
      let columns = 0;
      for (let k = 0, p = i, q = j; k < height; k++, p += rank, q += rank) {
        columns += (x.B[p] as number) * (y.B[q] as number);
      }
      total += columns * dot(row, y.A.subarray(j * width, (j + 1) * width));
    }
  }
  return total;
}

function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    sum += (x[i] as number) * (y[i] as number);
  }
  return sum;
}

/** Row `index` of a golden tensor of floats [descriptions, ...]. */
export function float32Row(
  golden: ReadonlyMap<string, StoredTensor>,
  name: string,
  index: number,
): Float32Array {
  return new Float32Array(rowBytes(golden, name, 'F32', index));
}

function int64Row(
  golden: ReadonlyMap<string, StoredTensor>,
  name: string,
  index: number,
): number[] {
  return Array.from(new BigInt64Array(rowBytes(golden, name, 'I64', index)), Number);
}

function rowBytes(
  golden: ReadonlyMap<string, StoredTensor>,
  name: string,
  dtype: StoredTensor['dtype'],
  index: number,
): ArrayBuffer {
  const tensor = golden.get(name);
  if (tensor?.dtype !== dtype || index >= (tensor.shape[0] ?? 0)) {
    throw mismatch(`the golden vectors have no ${dtype} tensor ${name} with row ${index}`);
  }
  const size = tensor.data.length / (tensor.shape[0] as number);
  return tensor.data.slice(index * size, (index + 1) * size).buffer;
}

function show(error: number): string {
  return error.toExponential(1);
}

/** A NaN makes every comparison false, so it cannot pass for agreement. */
function expect(condition: boolean, problem: string): void {
  if (!condition) {
    throw mismatch(problem);
  }
}

function mismatch(problem: string): T2lError {
  return new T2lError('golden_mismatch', 422, `In workerd, ${problem}.`);
}
