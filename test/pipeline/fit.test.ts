/** The fit of adapters that a network really made: of its own weights, before the strength, whole. */
import { expect, test } from 'vitest';
import { parseFitTable } from '../../src/adapter/fit/table.ts';
import { judgeFit } from '../../src/adapter/fit.ts';
import type { Bundle } from '../../src/bundle/bundle.ts';
import type { FitSpec } from '../../src/bundle/fit-spec.ts';
import { loadHypernet } from '../../src/hypernet/runtime.ts';
import { type Produced, produceAdapter } from '../../src/pipeline/produce.ts';
import {
  chunkedBundle,
  expectedTensor,
  type SmallBundle,
  wholeBundle,
} from '../fixtures/small-network.ts';

const EMBEDDING = Float32Array.of(0.6, -0.3, 0.8);
const TASK = [0.6, 0, 0.8];
const FIT: FitSpec = {
  file: 'fit.f16',
  dim: 3,
  tasks: ['one', 'other'],
  thresholds: { good: 0.9, uncertain: 0.05 },
  success: [0.75, 0.5],
  calibration: {
    adapters: { modules: ['v_proj'], probes: 3, width: 4, rank: 2, offset: [0.25, -0.5] },
    temperature: 0.2,
    trust: [0.5, -1],
    topic: { bias: -1, entry: 2 },
    match: {
      bias: -1,
      adapter: 0.5,
      entry: 0.25,
      similarity: 0.5,
      missing: 0,
      direction: [0, 1, 0],
    },
    reasons: { score: 1, entry: 0, adapter: -1, success: 1 },
  },
  strengths: [
    { strength: 0, factor: 0 },
    { strength: 1, factor: 1 },
    { strength: 2, factor: 0.5 },
  ],
};
/** Tasks, adapters and P. */
const MATRICES = [
  [...TASK, 0, 1, 0],
  [0.6, 0.8, -0.8, 0.6],
  [1, -0.5, 0.25, 1, 0.5, 1, -1, 0.25],
];
const BYTES = new Uint8Array(new Float16Array(MATRICES.flat()).buffer);

async function produced({ manifest, files }: SmallBundle, strength: number): Promise<Produced> {
  const bundle: Bundle = {
    manifest,
    digest: JSON.stringify(manifest.graphs),
    read: async (file) => files.get(file)?.slice() ?? new Uint8Array(),
  };
  return produceAdapter({
    bundle,
    hypernet: await loadHypernet(bundle, 'float32'),
    fit: parseFitTable({ fit: FIT, target: manifest.target }, BYTES),
    input: { embedding: EMBEDDING },
    precision: 'float32',
    dtype: 'float32',
    strength,
    clock: () => 0,
  });
}

test('the score looks at the weights of the network, whole or in chunks, without their strength', async () => {
  const { manifest } = wholeBundle();
  const weights = new Map(
    manifest.target.modules.map(({ name }) => [
      name,
      {
        A: Float32Array.from(expectedTensor(`${name}.A`, EMBEDDING)),
        B: Float32Array.from(expectedTensor(`${name}.B`, EMBEDDING)),
      },
    ]),
  );
  const table = parseFitTable({ fit: FIT, target: manifest.target }, BYTES);
  const judged = { embedding: EMBEDDING, weights, strength: 1, name: 'small' };
  const expected = judgeFit(table, judged);
  expect(expected.score).toBeGreaterThan(0.1);
  for (const bundle of [wholeBundle(), chunkedBundle()]) {
    const [one, half, double] = [
      await produced(bundle, 1),
      await produced(bundle, 0.5),
      await produced(bundle, 2),
    ].map(({ fit }) => fit);
    expect(one).toEqual({ ...expected, score: expect.closeTo(expected.score ?? 0, 3) });
    expect(one?.reason).toMatchObject({ code: 'weak', success: 0.75 });
    for (const fit of [half, double]) {
      expect(fit?.score).toBeCloseTo((one?.score ?? 0) / 2, 3);
    }
  }
  // Another adapter would have another score.
  const others = new Map([...weights].map(([name, { A, B }]) => [name, { A, B: B.toReversed() }]));
  expect(judgeFit(table, { ...judged, weights: others }).score).not.toBe(expected.score);
});
