/** Networks of every kind of output, whole and in chunks, against weights that are worked out beside them. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { OUTPUT_KINDS } from '../../src/contract/output-kinds.ts';
import { loadHypernet, runHypernet } from '../../src/hypernet/runtime.ts';
import type { OutputWeights } from '../../src/output/output.ts';
import { produceAdapter } from '../../src/pipeline/produce.ts';
import { type KindNetwork, kindNetwork, kindTarget } from '../fixtures/kind-network.ts';
import type { SmallBundle } from '../fixtures/small-network.ts';

const EMBEDDING = Float32Array.of(0.5, -0.25, 0.75);

let opened = 0;

function open({ manifest, files }: SmallBundle): Bundle {
  return {
    manifest,
    digest: String(opened++),
    read: async (file) => (files.get(file) as Uint8Array).slice(),
  };
}

async function run(bundle: Bundle, embedding = EMBEDDING): Promise<OutputWeights> {
  return runHypernet(await loadHypernet(bundle, 'float32'), embedding);
}

async function produce(bundle: Bundle, strength = 1, embedding = EMBEDDING) {
  return produceAdapter({
    bundle,
    hypernet: await loadHypernet(bundle, 'float32'),
    fit: undefined,
    input: { embedding },
    precision: 'float32',
    dtype: 'float32',
    strength,
    clock: () => 0,
  });
}

describe.each(OUTPUT_KINDS)('%s', (kind) => {
  let network: KindNetwork;

  beforeAll(() => {
    network = kindNetwork(kindTarget(kind));
  });

  test('the whole graph gives every side, and so do the chunks', async () => {
    const expected = network.expected(EMBEDDING);
    for (const bundle of [network.whole, network.chunked]) {
      const found = await run(open(bundle));
      expect([...found.keys()]).toEqual([...expected.keys()]);
      for (const [name, sides] of expected) {
        expect(Object.keys(found.get(name) ?? {})).toEqual(Object.keys(sides));
        for (const [side, values] of Object.entries(sides)) {
          const given = found.get(name)?.[side as 'A'] ?? new Float32Array(0);
          expect(given).toHaveLength(values.length);
          values.forEach((value, at) => {
            expect(given[at]).toBeCloseTo(value, 5);
          });
        }
      }
    }
  });

  test('an adapter is the same every time, whole or in chunks', async () => {
    const first = await produce(open(network.whole));
    for (const bundle of [network.whole, network.chunked]) {
      expect((await produce(open(bundle))).files).toEqual(first.files);
    }
  });

  test('a graph without one of the sides is refused', async () => {
    const { manifest, files } = network.whole;
    const other = kindNetwork(kindTarget(kind === 'ia3' ? 'dora' : 'ia3'));
    const graph = other.whole.files.get('whole.onnx') as Uint8Array;
    const bundle = open({ manifest, files: new Map([...files, ['whole.onnx', graph]]) });
    await expect(run(bundle)).rejects.toMatchObject({ code: 'bundle_graph_invalid' });
  });

  test('numbers that are not finite are refused', async () => {
    const embedding = Float32Array.of(1, Number.POSITIVE_INFINITY, 0);
    await expect(produce(open(network.whole), 1, embedding)).rejects.toMatchObject({
      code: 'adapter_out_of_range',
    });
  });
});

test('a DoRA has strength 1 alone, and the refusal says why', async () => {
  const { whole } = kindNetwork(kindTarget('dora'));
  await expect(produce(open(whole), 0.5)).rejects.toMatchObject({
    code: 'strength_unavailable',
    detail: expect.stringMatching(/writes DoRA adapters, for strength 1 only, not 0\.5: its magn/),
  });
});
