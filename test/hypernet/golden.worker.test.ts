/**
 * ORT's WASM build inside workerd against PyTorch, on the default bundle whatever its weights are:
 * token ids, embeddings, float32 weights, int8 updates, and the bytes of a whole adapter.
 */

import { env } from 'cloudflare:workers';
import { beforeAll, expect, test } from 'vitest';
import { relativeError, thinned } from '../../scripts/release/compare.ts';
import { loadFitTable } from '../../src/adapter/fit/table.ts';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { assetsSource, type Bundle } from '../../src/bundle/bundle.ts';
import { graphFiles } from '../../src/bundle/manifest-rules.ts';
import { type Encoder, loadEncoder } from '../../src/encoder/index.ts';
import { parseTokenizer, tokenIds } from '../../src/encoder/onnx.ts';
import { loadHypernet, runHypernet } from '../../src/hypernet/runtime.ts';
import { createSession, wasmMemoryBytes } from '../../src/ort/session.ts';
import type { OutputWeights } from '../../src/output/output.ts';
import { produceAdapter } from '../../src/pipeline/produce.ts';
import { type Golden, openDefaultBundle, readGolden } from '../fixtures/default-bundle.ts';

/** The two runtimes round differently; anything structural is orders of magnitude larger. */
const FLOAT32_TOLERANCE = 1e-5;
const INT8_MIN_COSINE = 0.9995;
/** All but the weights is float32: the two runtimes differ in the last digits only. */
const EMBEDDING_TOLERANCE = 1e-6;
const EMBEDDING_MIN_COSINE = 0.999999;
/** An isolate has 128 MB; the JavaScript heap and the code need theirs. */
const MAX_WASM_BYTES = 64 * 2 ** 20;

let bundle: Bundle;
let golden: Golden;
let encoder: Encoder;

beforeAll(async () => {
  bundle = await openDefaultBundle(assetsSource(env.ASSETS));
  golden = await readGolden(bundle);
  encoder = await loadEncoder(bundle, {});
});

/** The inner product of two updates B A of one layer, through their rank x rank matrices. */
function updateProduct(x: OutputWeights, y: OutputWeights, module: string, layer: number): number {
  const { layers, rank } = bundle.manifest.target;
  const slice = (weights: OutputWeights, side: 'A' | 'B') => {
    const values = weights.get(module)?.[side] as Float32Array;
    const size = values.length / layers;
    return values.subarray(layer * size, (layer + 1) * size);
  };
  const [xA, yA, xB, yB] = [slice(x, 'A'), slice(y, 'A'), slice(x, 'B'), slice(y, 'B')];
  const width = xA.length / rank;
  let total = 0;
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < rank; j++) {
      let rows = 0;
      for (let k = 0; k < width; k++) {
        rows += (xA[i * width + k] as number) * (yA[j * width + k] as number);
      }
      let columns = 0;
      for (let k = 0; k < xB.length / rank; k++) {
        columns += (xB[k * rank + i] as number) * (yB[k * rank + j] as number);
      }
      total += rows * columns;
    }
  }
  return total;
}

function each<T>(task: (index: number, description: string) => Promise<T>): Promise<T[]> {
  return Promise.all(golden.descriptions.map((description, index) => task(index, description)));
}

test('the tokenizer gives the ids of transformers', async () => {
  const { encoder: spec } = bundle.manifest;
  if (spec.kind !== 'onnx') {
    throw new Error('the default bundle has an embedded encoder');
  }
  const tokenizer = parseTokenizer(await bundle.read(spec.files.tokenizer));
  golden.descriptions.forEach((description, index) => {
    const ids = tokenIds(tokenizer, description, spec.max_tokens);
    const expected = golden.tokens(index);
    expect(ids).toEqual(expected.slice(0, ids.length));
    expect(expected.slice(ids.length).every((id) => id === 0)).toBe(true);
  });
});

test('embeddings are those of training', async () => {
  await each(async (index, description) => {
    const embedding = await encoder.encode(description);
    const expected = golden.row('embedding', index);
    expect(relativeError(embedding, expected)).toBeLessThan(EMBEDDING_TOLERANCE);
    const cosine = embedding.reduce((sum, value, k) => sum + value * (expected[k] as number), 0);
    expect(cosine).toBeGreaterThan(EMBEDDING_MIN_COSINE);
  });
});

test('the float32 graph gives the weights of PyTorch', async () => {
  const hypernet = await loadHypernet(bundle, 'float32');
  await each(async (index) => {
    const weights = await runHypernet(hypernet, golden.row('embedding', index));
    expect([...weights.keys()]).toEqual(bundle.manifest.target.modules.map(({ name }) => name));
    for (const [name, sides] of weights) {
      expect(Object.keys(sides)).toEqual(['A', 'B']);
      for (const [side, values] of Object.entries(sides)) {
        const expected = golden.row(`${name}.${side}`, index);
        const actual = thinned(values, bundle.manifest.golden.limit);
        expect(relativeError(actual, expected)).toBeLessThan(FLOAT32_TOLERANCE);
      }
    }
  });
});

test('the int8 graph gives the same updates but for a small angle', async () => {
  const exact = await loadHypernet(bundle, 'float32');
  const int8 = await loadHypernet(bundle, 'int8');
  await each(async (index) => {
    const embedding = golden.row('embedding', index);
    const x = await runHypernet(exact, embedding);
    const y = await runHypernet(int8, embedding);
    for (const { name } of bundle.manifest.target.modules) {
      for (let layer = 0; layer < bundle.manifest.target.layers; layer++) {
        const lengths = updateProduct(x, x, name, layer) * updateProduct(y, y, name, layer);
        const cosine = updateProduct(x, y, name, layer) / Math.sqrt(lengths);
        expect(cosine).toBeGreaterThan(INT8_MIN_COSINE);
      }
    }
  });
});

test('an adapter comes out whole, and the same every time', async () => {
  const { precision } = bundle.manifest;
  const hypernet = await loadHypernet(bundle, precision);
  const description = golden.descriptions[0] as string;
  const fit = await loadFitTable(bundle);
  const request = {
    bundle,
    encoder,
    hypernet,
    fit,
    precision,
    dtype: 'float32',
    strength: 1,
  } as const;
  const clock = () => performance.now();
  const first = await produceAdapter({ ...request, input: { description }, clock });
  const again = await produceAdapter({
    ...request,
    input: { description: ` ${description} ` },
    clock,
  });
  expect(again.files).toEqual(first.files);
  expect(first.files.map(({ name }) => name)).toEqual([
    'adapter_model.safetensors',
    'adapter_config.json',
  ]);
  const weights = await runHypernet(hypernet, first.embedding);
  expect(unpackPeft(first.files[0]?.bytes as Uint8Array)).toEqual(weights);
  // The same adapter from its recorded embedding: what remaking an evicted one relies on.
  const remade = await produceAdapter({
    ...request,
    encoder: undefined,
    input: { description },
    embedding: first.embedding,
    clock,
  });
  expect(remade.files).toEqual(first.files);
});

test('runs that are started at once are queued and do not disturb each other', async () => {
  const hypernet = await loadHypernet(bundle, bundle.manifest.precision);
  const embeddings = golden.descriptions.map((_, index) => golden.row('embedding', index));
  const together = await Promise.all(
    embeddings.map((embedding) => runHypernet(hypernet, embedding)),
  );
  for (const [index, embedding] of embeddings.entries()) {
    expect(await runHypernet(hypernet, embedding)).toEqual(together[index]);
  }
});

test('an embedding that makes weights that are not numbers is refused', async () => {
  const embedding = new Float32Array(bundle.manifest.encoder.dim).fill(Number.NaN);
  const produced = produceAdapter({
    bundle,
    hypernet: await loadHypernet(bundle, 'float32'),
    fit: await loadFitTable(bundle),
    input: { embedding },
    precision: 'float32',
    dtype: 'float16',
    strength: 1,
    clock: () => 0,
  });
  await expect(produced).rejects.toThrow(
    expect.objectContaining({ code: 'adapter_out_of_range', status: 422 }),
  );
});

test('a graph that is not a model is refused, and the next one still loads', async () => {
  const { graphs } = bundle.manifest;
  const model = await bundle.read(graphs.int8 ? (graphFiles(graphs.int8)[0] ?? '') : '');
  const broken = [new Uint8Array(64).fill(0xff), new Uint8Array(0), model.subarray(0, 5000)];
  // A whole file whose operators have become unknown ones.
  broken.push(model.map((byte, at) => (at > 64 && byte === 'M'.charCodeAt(0) ? 0x7a : byte)));
  for (const bytes of broken) {
    await expect(createSession(bytes)).rejects.toThrow(
      expect.objectContaining({ code: 'bundle_graph_invalid', status: 422 }),
    );
  }
  expect(await encoder.encode('still here')).toHaveLength(bundle.manifest.encoder.dim);
});

test('a session that was evicted is loaded again by the handle that still refers to it', async () => {
  const hypernet = await loadHypernet(bundle, bundle.manifest.precision);
  const before = await runHypernet(hypernet, golden.row('embedding', 0));
  await (await hypernet.session()).release();
  expect(await runHypernet(hypernet, golden.row('embedding', 0))).toEqual(before);
});

test('everything fits an isolate', () => {
  expect(wasmMemoryBytes()).toBeGreaterThan(0);
  expect(wasmMemoryBytes()).toBeLessThan(MAX_WASM_BYTES);
});
