import { expect, test } from 'vitest';
import { beyondGuard, guardMagnitudes, guardNorms, updateNorms } from '../../src/adapter/norms.ts';
import type { Manifest } from '../../src/bundle/manifest.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import { kindNetwork, kindTarget } from '../fixtures/kind-network.ts';
import { smallManifest } from '../fixtures/manifest.ts';
import { randomWeights } from '../fixtures/weights.ts';

const manifest = smallManifest();

/** Frobenius norm of B A of one layer, by forming the product. */
function denseNorm(
  weights: LoraWeights,
  module: Manifest['target']['modules'][number],
  layer: number,
): number {
  const { A, B } = weights.get(module.name) as { A: Float32Array; B: Float32Array };
  const { rank } = manifest.target;
  let squares = 0;
  for (let row = 0; row < module.out; row++) {
    for (let column = 0; column < module.in; column++) {
      let sum = 0;
      for (let k = 0; k < rank; k++) {
        const b = B[(layer * module.out + row) * rank + k] as number;
        const a = A[(layer * rank + k) * module.in + column] as number;
        sum += b * a;
      }
      squares += sum ** 2;
    }
  }
  return Math.sqrt(squares);
}

test('norms equal those of the product itself', () => {
  const weights = randomWeights(manifest, 3);
  const norms = updateNorms(manifest, weights);
  expect(Object.keys(norms)).toEqual(['q_proj', 'v_proj']);
  for (const module of manifest.target.modules) {
    [0, 1].forEach((layer) => {
      expect(norms[module.name]?.[layer]).toBeCloseTo(denseNorm(weights, module, layer), 10);
    });
  }
});

test("a DoRA's norms are those of its B A, an IA3's how far its factors are from 1", () => {
  const embedding = Float32Array.of(0.5, -0.25, 0.75);
  const dora = kindTarget('dora');
  const values = kindNetwork(dora).expected(embedding);
  const pairs = new Map([...values].map(([name, { A, B }]) => [name, { A, B }])) as LoraWeights;
  expect(updateNorms({ target: dora }, values)).toEqual(updateNorms(manifest, pairs));
  const ia3 = kindTarget('ia3');
  const factors = kindNetwork(ia3).expected(embedding);
  const norms = updateNorms({ target: ia3 }, factors);
  for (const [name, { L = new Float32Array(0) }] of factors) {
    for (const layer of [0, 1]) {
      const away = [...L.subarray(6 * layer, 6 * (layer + 1))].map((factor) => factor - 1);
      expect(norms[name]?.[layer]).toBeCloseTo(Math.hypot(...away), 10);
    }
  }
});

test('magnitudes that are not finite are refused, which no norm shows', () => {
  const target = kindTarget('dora');
  const values = kindNetwork(target).expected(Float32Array.of(0.5, -0.25, 0.75));
  expect(() => guardMagnitudes(values)).not.toThrow();
  (values.get('v_proj')?.M as Float32Array)[3] = Number.NaN;
  expect(() => guardNorms(manifest, updateNorms({ target }, values))).not.toThrow();
  expect(() => guardMagnitudes(values)).toThrow(
    expect.objectContaining({ code: 'adapter_out_of_range' }),
  );
  expect(() => guardMagnitudes(values)).toThrow(/magnitudes of v_proj have the value NaN/);
});

test('an update of zeros has norm zero and passes', () => {
  const norms = updateNorms(manifest, randomWeights(manifest, 3, 0));
  expect(norms.q_proj).toEqual([0, 0]);
  expect(() => guardNorms(manifest, norms)).not.toThrow();
});

test.each([
  ['at the limit', 1.8, true],
  ['beyond the limit', 1.8001, false],
  ['infinite', Number.POSITIVE_INFINITY, false],
  ['not a number', Number.NaN, false],
])('a norm %s', (_case, norm, passes) => {
  const guard = () => guardNorms(manifest, { q_proj: [1, 1], v_proj: [1, norm] });
  if (passes) {
    expect(guard).not.toThrow();
  } else {
    expect(guard).toThrow(expect.objectContaining({ code: 'adapter_out_of_range', status: 422 }));
    expect(guard).toThrow(/v_proj in layer 1/);
  }
});

test('a weight that is not finite makes a norm that is refused', () => {
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const weights = randomWeights(manifest, 3, 0.1);
    (weights.get('v_proj') as { A: Float32Array }).A[13] = broken;
    expect(() => guardNorms(manifest, updateNorms(manifest, weights))).toThrow(/v_proj in layer 1/);
  }
});

test('a layer that never varied in training still has some room', () => {
  const still = smallManifest();
  still.norms.q_proj = { mean: [1, 1], deviation: [0, 0] };
  expect(() => guardNorms(still, { q_proj: [1.3, 1], v_proj: [1, 1] })).not.toThrow();
  expect(() => guardNorms(still, { q_proj: [1.5, 1], v_proj: [1, 1] })).toThrow();
});

test('without norms of training only what is not finite is refused', () => {
  const { norms: _norms, ...bare } = smallManifest();
  expect(() => guardNorms(bare, { q_proj: [1e30, 0], v_proj: [1, 1] })).not.toThrow();
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const guard = () => guardNorms(bare, { q_proj: [1, 1], v_proj: [1, broken] });
    expect(guard).toThrow(expect.objectContaining({ code: 'adapter_out_of_range', status: 422 }));
    expect(guard).toThrow(/v_proj in layer 1/);
  }
});

test('a strength beyond 1 carries the layers beyond the limit that it carries there', () => {
  // The limits are 1.8 everywhere.
  const norms = { q_proj: [0.5, 1], v_proj: [1.8, 0] };
  const applied = (strength: number) =>
    Object.fromEntries(
      Object.entries(norms).map(([name, all]) => [
        name,
        all.map((norm) => norm * Math.abs(strength)),
      ]),
    );
  const beyond = (strength: number) =>
    beyondGuard(manifest, applied(strength), strength).map(
      ({ module, layer, norm }) => `${module}.${layer} ${norm}`,
    );
  expect(() => guardNorms(manifest, norms)).not.toThrow();
  for (const within of [0.25, 1, -0.5, -1]) {
    expect([within, beyond(within)]).toEqual([within, []]);
  }
  for (const sign of [1, -1]) {
    expect(beyond(1.25 * sign)).toEqual(['v_proj.0 2.25']);
    expect(beyond(2 * sign)).toEqual(['q_proj.1 2', 'v_proj.0 3.6']);
    expect(beyond(4 * sign)).toEqual(['q_proj.0 2', 'q_proj.1 4', 'v_proj.0 7.2']);
  }
  expect(beyondGuard(manifest, applied(2), 2)[0]?.limit).toBeCloseTo(1.8, 12);
  const { norms: _norms, ...bare } = manifest;
  expect(beyondGuard(bare, applied(8), 8)).toEqual([]);
});
