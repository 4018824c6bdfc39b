/**
 * A hypernetwork in chunks against the same one in a whole graph, in workerd: the same weights, bit
 * for bit, and a clear refusal of every set of chunks that would not make a whole adapter.
 */
import { expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import type { HeadChunk } from '../../src/bundle/manifest.ts';
import { loadHypernet, runHypernet } from '../../src/hypernet/runtime.ts';
import type { OutputWeights } from '../../src/output/output.ts';
import { produceAdapter } from '../../src/pipeline/produce.ts';
import {
  CUTS,
  chunkedBundle,
  chunkModel,
  expectedTensor,
  type SmallBundle,
  TENSORS,
  wholeBundle,
} from '../fixtures/small-network.ts';

const EMBEDDING = Float32Array.of(0.5, -0.25, 0.75);

let opened = 0;

/** A bundle under a digest of its own, so that no session of another test is found. */
function open({ manifest, files }: SmallBundle, reads: string[] = []): Bundle {
  opened += 1;
  return {
    manifest,
    digest: String(opened),
    async read(file) {
      reads.push(file);
      const content = files.get(file);
      if (content === undefined) {
        throw new Error(`${file} is missing`);
      }
      return content.slice();
    },
  };
}

async function run(bundle: SmallBundle, embedding = EMBEDDING): Promise<OutputWeights> {
  return runHypernet(await loadHypernet(open(bundle), 'float32'), embedding);
}

test('chunks give what the whole graph gives, and both give the product', async () => {
  const [whole, chunked] = [await run(wholeBundle()), await run(chunkedBundle())];
  expect([...chunked.keys()]).toEqual(['q_proj', 'v_proj']);
  expect(chunked).toEqual(whole);
  for (const { tensor, module } of TENSORS) {
    const values = chunked.get(module)?.[tensor.endsWith('.A') ? 'A' : 'B'] ?? [];
    const expected = expectedTensor(tensor, EMBEDDING);
    expect(values).toHaveLength(expected.length);
    expected.forEach((value, index) => {
      expect(values[index]).toBeCloseTo(value, 6);
    });
  }
});

test('the files of an adapter do not show whether its network was in chunks', async () => {
  const [whole, chunked] = await Promise.all(
    [wholeBundle(), chunkedBundle()].map(async (small) => {
      const bundle = open(small);
      const hypernet = await loadHypernet(bundle, 'float32');
      return produceAdapter({
        bundle: { ...bundle, digest: 'the same' },
        hypernet,
        fit: undefined,
        input: { embedding: EMBEDDING },
        precision: 'float32',
        dtype: 'float16',
        strength: 1,
        clock: () => 0,
      });
    }),
  );
  expect(chunked?.files).toEqual(whole?.files);
});

test('the body stays loaded; chunks are read in order, once an adapter', async () => {
  const reads: string[] = [];
  const hypernet = await loadHypernet(open(chunkedBundle(), reads), 'float32');
  const chunks = CUTS.map((_, index) => `chunk${index}.onnx`);
  const first = await runHypernet(hypernet, EMBEDDING);
  expect(reads).toEqual(['body.onnx', ...chunks]);
  expect(await runHypernet(hypernet, EMBEDDING)).toEqual(first);
  expect(reads).toEqual(['body.onnx', ...chunks, ...chunks]);
});

test('adapters that are asked for at once do not disturb each other', async () => {
  const hypernet = await loadHypernet(open(chunkedBundle()), 'float32');
  const embeddings = [1, 2, 3].map((factor) => EMBEDDING.map((value) => value * factor));
  const together = await Promise.all(embeddings.map((one) => runHypernet(hypernet, one)));
  for (const [index, embedding] of embeddings.entries()) {
    expect(await runHypernet(hypernet, embedding)).toEqual(together[index]);
  }
});

/** The chunks of a bundle whose float32 graph is in chunks. */
function chunksOf({ manifest }: SmallBundle): HeadChunk[] {
  const graph = manifest.graphs.float32;
  return graph !== undefined && 'body' in graph ? graph.chunks : [];
}

test.each<[string, (bundle: SmallBundle) => void, RegExp]>([
  [
    'an offset that leaves a hole',
    (bundle) => Object.assign(chunksOf(bundle)[1]?.offsets ?? {}, { 'q_proj.A': 6 }),
    /chunk1\.onnx puts q_proj\.A at column 6 where 5 is the next one/,
  ],
  [
    'chunks in another order',
    (bundle) => chunksOf(bundle).reverse(),
    /chunk2\.onnx puts q_proj\.B at column 1 where 0 is the next one/,
  ],
  [
    'a chunk too few',
    (bundle) => chunksOf(bundle).splice(2, 1),
    /chunk1\.onnx is the last one for q_proj\.B, of which 1 of 12 columns were given/,
  ],
  [
    'no chunk for a tensor',
    (bundle) => chunksOf(bundle).pop(),
    /chunk3\.onnx is the last one for v_proj\.B, of which 0 of any columns/,
  ],
  [
    'a chunk too many',
    (bundle) => {
      chunksOf(bundle).push({ file: 'more.onnx', offsets: { 'v_proj.B': 8 } });
      bundle.files.set('more.onnx', chunkModel([['v_proj.B', 0, 1]]));
    },
    /more\.onnx gives v_proj\.B up to column 9 of 8/,
  ],
  [
    'an output that the manifest does not name',
    ({ files }) =>
      files.set(
        'chunk0.onnx',
        chunkModel([
          ['q_proj.A', 0, 5],
          ['q_proj.B', 0, 1],
        ]),
      ),
    /chunk0\.onnx gives q_proj\.A, q_proj\.B where q_proj\.A is expected/,
  ],
  [
    'features of another shape',
    ({ files }) => files.set('chunk0.onnx', chunkModel([['q_proj.A', 0, 5]], [1, 3])),
    /chunk0\.onnx takes features\.q_proj as \[1,3\]; the body gives it as \[2,3\]/,
  ],
  [
    'a chunk that takes the embedding',
    ({ files }) => files.set('chunk0.onnx', files.get('body.onnx') as Uint8Array),
    /chunk0\.onnx takes embedding, not one output features\.\* of the body/,
  ],
  [
    'a tensor that the target does not have',
    (bundle) => {
      const { modules } = bundle.manifest.target;
      modules.splice(1, 1);
    },
    /chunk3\.onnx gives v_proj\.A, which is no tensor of the target/,
  ],
  [
    'rows that do not divide the tensor',
    (bundle) => {
      const { target } = bundle.manifest;
      Object.assign(target, { layers: 1, rank: 1 });
      Object.assign(target.modules[0] ?? {}, { in: 5 });
    },
    /chunk0\.onnx gives q_proj\.A with 2 rows, which do not go with 5 values in all/,
  ],
  [
    'a chunk that is no model',
    ({ files }) => files.set('chunk4.onnx', new Uint8Array(64).fill(0xff)),
    /chunk4\.onnx is refused/,
  ],
])('%s is refused, and the file and the tensor are named', async (_case, spoil, message) => {
  const bundle = chunkedBundle();
  spoil(bundle);
  const refused = run(bundle);
  await expect(refused).rejects.toThrow(
    expect.objectContaining({ code: 'bundle_graph_invalid', status: 422 }),
  );
  await expect(refused).rejects.toThrow(message);
  // Nothing of the failure is left behind.
  expect(await run(chunkedBundle())).toEqual(await run(wholeBundle()));
});

test('a chunk that cannot be read fails the adapter with the error of the reading', async () => {
  const bundle = chunkedBundle();
  bundle.files.delete('chunk3.onnx');
  await expect(run(bundle)).rejects.toThrow('chunk3.onnx is missing');
});
