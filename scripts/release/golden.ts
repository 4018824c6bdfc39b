/**
 * Compares what a bundle's graphs give in this runtime with its golden vectors, which PyTorch made.
 *
 *   tokens     the same ids as training had
 *   embedding  cosine
 *   float32    largest difference, as a part of the largest value, of every output of the graph
 *   int8       cosine of what the adapter changes, of every module in every layer, against the float32
 *              graph (`changes.ts`); without a float32 graph, cosine of every thinned output against the
 *              golden one
 */
import { readSafetensors } from '../../src/adapter/safetensors.ts';
import type { Bundle } from '../../src/bundle/bundle.ts';
import type { Manifest } from '../../src/bundle/manifest.ts';
import { normaliseDescription } from '../../src/contract/description.ts';
import { type Encoder, encoderText, loadEncoder } from '../../src/encoder/index.ts';
import { parseTokenizer, tokenIds } from '../../src/encoder/onnx.ts';
import { loadHypernet, runHypernet } from '../../src/hypernet/runtime.ts';
import { sidesOf } from '../../src/output/kinds.ts';
import type { OutputWeights, SideName } from '../../src/output/output.ts';
import { changeCosines, changeOf } from './changes.ts';
import { cosine, relativeError, thinned } from './compare.ts';
import { float32Row, type GoldenVectors, goldenMismatch, int64Row } from './golden-vectors.ts';

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
  golden: GoldenVectors,
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
  golden: GoldenVectors,
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
        ? changeCosines(bundle.manifest.target, exact, int8)
        : Array.from(outputs(bundle.manifest, int8, golden, index), ([name, x, y, side]) => {
            return [name, cosine(changeOf(side, x), changeOf(side, y))] as const;
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
): Promise<OutputWeights> {
  return runHypernet(await loadHypernet(bundle, precision), embedding);
}

/** Every output of a graph, thinned as the golden vectors are, with the golden one. */
function* outputs(
  { target, golden: { limit } }: Manifest,
  weights: OutputWeights,
  golden: GoldenVectors,
  index: number,
): Generator<[name: string, actual: Float32Array, expected: Float32Array, side: SideName]> {
  for (const module of target.modules) {
    for (const side of sidesOf(target, module)) {
      const values = weights.get(module.name)?.[side.name] as Float32Array;
      const output = `${module.name}.${side.name}`;
      yield [output, thinned(values, limit), float32Row(golden, output, index), side.name];
    }
  }
}

function show(error: number): string {
  return error.toExponential(1);
}

/** A NaN makes every comparison false, so it cannot pass for agreement. */
function expect(condition: boolean, problem: string): void {
  if (!condition) {
    throw goldenMismatch(problem);
  }
}
