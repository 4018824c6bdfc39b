/**
 * The pipeline: input -> embedding -> weights -> checked -> weights file and config with their hashes.
 *
 * No network, no storage and no clock of its own: equal arguments give equal bytes, which is what
 * lets an adapter be identified by its request and remade after its bytes were evicted.
 */
import type { FitTable } from '../adapter/fit/table.ts';
import { type Fit, judgeFit } from '../adapter/fit.ts';
import {
  type AdapterNorms,
  guardMagnitudes,
  guardNorms,
  reportedNorm,
  updateNorms,
} from '../adapter/norms.ts';
import { type AdapterDtype, type AdapterFile, packPeft } from '../adapter/peft.ts';
import { requireStrength } from '../adapter/strength.ts';
import type { Bundle } from '../bundle/bundle.ts';
import type { Precision } from '../bundle/manifest.ts';
import { type AdapterInput, sha256Hex } from '../contract/adapter-id.ts';
import { recordedForm } from '../contract/description.ts';
import { T2lError } from '../contract/errors.ts';
import type { Encoder } from '../encoder/index.ts';
import { type LoadedHypernet, runHypernet } from '../hypernet/runtime.ts';
import { free } from '../ort/memory.ts';
import { loraWeights } from '../output/lora-weights.ts';

/** A number format of an adapter's weights. */
export type Dtype = AdapterDtype;

/** What an adapter is produced from. */
export interface ProduceRequest {
  readonly bundle: Bundle;
  /** Needed when the input is a description whose embedding is not given. */
  readonly encoder?: Encoder | undefined;
  readonly hypernet: LoadedHypernet;
  /** What the bundle was trained on; undefined if it does not say. */
  readonly fit: FitTable | undefined;
  readonly input: AdapterInput;
  /** The vector of a description that was encoded before: it is not encoded again. */
  readonly embedding?: Float32Array | undefined;
  readonly precision: Precision;
  readonly dtype: Dtype;
  readonly strength: number;
  /** Milliseconds; only differences are used. */
  readonly clock: () => number;
}

/** A file of a produced adapter. */
export interface ProducedFile extends AdapterFile {
  readonly sha256: string;
}

/** Milliseconds spent in each step. */
export interface ProduceTimings {
  readonly encode: number;
  readonly run: number;
  readonly pack: number;
  readonly hash: number;
}

/** An adapter and everything worth knowing about it. */
export interface Produced {
  /** What its id stands for: weights and config. */
  readonly files: readonly ProducedFile[];
  /** The vector that determined the weights; with it they can be made again. */
  readonly embedding: Float32Array;
  readonly fit: Fit;
  /** Norm of the update of every layer, with the strength applied. */
  readonly norms: AdapterNorms;
  readonly parameters: number;
  readonly timings_ms: ProduceTimings;
}

/**
 * Produces an adapter.
 *
 * @throws T2lError `adapter_out_of_range` if the hypernetwork's output must not be used,
 *   `strength_unavailable` if its adapters have no such strength
 */
export async function produceAdapter(request: ProduceRequest): Promise<Produced> {
  const { bundle, hypernet, precision, dtype, strength, clock } = request;
  const { manifest } = bundle;
  if (hypernet.precision !== precision) {
    throw new Error(`the loaded graph is ${hypernet.precision}, not ${precision}`);
  }
  requireStrength(manifest, strength);
  const started = clock();
  const embedding = await embeddingOf(request);
  const encoded = clock();
  const weights = await runHypernet(hypernet, embedding);
  const ran = clock();
  const norms = updateNorms(manifest, weights);
  // Without the strength, which is asked for: where that goes too far, the document says so.
  guardNorms(manifest, norms);
  guardMagnitudes(weights);
  const lora = loraWeights(manifest.target, weights);
  const fit = judgeFit(request.fit, { embedding, weights: lora, strength, name: manifest.name });
  const { files, parameters } = packPeft({ manifest, weights, dtype, strength });
  for (const values of [...weights.values()].flatMap(Object.values)) {
    free(values);
  }
  const packed = clock();
  const hashed: ProducedFile[] = [];
  for (const file of files) {
    hashed.push({ ...file, sha256: await sha256Hex(file.bytes) });
  }
  const finished = clock();
  return {
    files: hashed,
    embedding,
    fit,
    norms: reportedNorms(norms, strength),
    parameters,
    timings_ms: {
      encode: encoded - started,
      run: ran - encoded,
      pack: packed - ran,
      hash: finished - packed,
    },
  };
}

async function embeddingOf(request: ProduceRequest): Promise<Float32Array> {
  const { bundle, encoder, input } = request;
  const given = 'embedding' in input ? input.embedding : request.embedding;
  if (given === undefined) {
    if (encoder === undefined || !('description' in input)) {
      throw new Error('a description needs an encoder');
    }
    return encoder.encode(recordedForm(input.description));
  }
  const { dim } = bundle.manifest.encoder;
  if (given.length !== dim) {
    throw new T2lError(
      'embedding_wrong_dimension',
      `The embedding has ${given.length} numbers; ${bundle.manifest.name} takes ${dim}.`,
    );
  }
  return given;
}

function reportedNorms(norms: AdapterNorms, strength: number): AdapterNorms {
  const factor = Math.abs(strength);
  return Object.fromEntries(
    Object.entries(norms).map(([name, layers]) => [
      name,
      layers.map((norm) => reportedNorm(norm * factor)),
    ]),
  );
}
