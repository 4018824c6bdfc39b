import { expect, test } from 'vitest';
import { createSketcher, type SketchSpec, sketch } from '../../../src/adapter/fit/sketch.ts';
import type { LoraWeights } from '../../../src/output/lora-weights.ts';
import { fitNamed, INPUTS, STREAMS, TARGET } from '../../fixtures/fit-vectors.ts';

const adapters = fitNamed('whole').fit.calibration?.adapters as SketchSpec;

test('the draws are those of Python', () => {
  const names = TARGET.modules.map(({ name }) => name);
  const width = 1000;
  const { modules } = createSketcher(TARGET, { modules: names, probes: 1, width });
  // One probe has every fourth place; the others are empty.
  const ofProbe = (values: ArrayLike<number>) => Array.from(values).filter((_, at) => at % 4 === 0);
  const outputs = modules.map(({ inner, signs, slots }, place) => {
    const draws = STREAMS[place] ?? [];
    const drawn = draws.slice(inner);
    const isNegative = (draw: number) => draw % 2 === 1;
    expect(ofProbe(signs).slice(0, inner)).toEqual(
      draws.slice(0, inner).map((draw) => (isNegative(draw) ? -1 : 1)),
    );
    expect(ofProbe(slots).slice(0, drawn.length)).toEqual(
      drawn.map((draw) => (Math.floor(draw / 2) % width) + (isNegative(draw) ? width : 0)),
    );
    return drawn.length;
  });
  expect(outputs).toEqual([3, 1, 2]);
});

test.each([1, 3, 4, 5, 9])('%d probes make one sketch, however they are grouped', (probes) => {
  const sketcher = createSketcher(TARGET, { ...adapters, probes });
  const { weights } = INPUTS[0] as (typeof INPUTS)[number];
  const found = sketch(sketcher, weights);
  for (const [bucket, value] of plainSketch(probes, weights).entries()) {
    expect(found[bucket]).toBeCloseTo(value, 10);
  }
});

/** The definition, written out. */
function plainSketch(probes: number, weights: LoraWeights): number[] {
  const { modules, width } = adapters;
  const total = new Array<number>(width).fill(0);
  for (const [place, { name, in: inner, out }] of TARGET.modules.entries()) {
    const { A, B } = weights.get(name) as { A: Float32Array; B: Float32Array };
    const next = stream(place + 1);
    for (let layer = 0; modules.includes(name) && layer < TARGET.layers; layer++) {
      for (let probe = 0; probe < probes; probe++) {
        const p = Array.from({ length: inner }, () => (next() % 2n === 1n ? -1 : 1));
        for (let row = 0; row < out; row++) {
          let y = 0;
          for (let r = 0; r < TARGET.rank; r++) {
            const left = B[(layer * out + row) * TARGET.rank + r] as number;
            for (const [k, sign] of p.entries()) {
              y += left * (A[(layer * TARGET.rank + r) * inner + k] as number) * sign;
            }
          }
          const draw = next();
          const bucket = Number((draw >> 1n) % BigInt(width));
          total[bucket] = (total[bucket] as number) + (draw % 2n === 1n ? -y : y);
        }
      }
    }
  }
  return total;
}

/** The stream of a module in whole numbers, which need no care for 32 bits. */
function stream(place: number): () => bigint {
  let x = BigInt.asUintN(32, 0x9e3779b9n * BigInt(place));
  return () => {
    x ^= BigInt.asUintN(32, x << 13n);
    x ^= x >> 17n;
    x ^= BigInt.asUintN(32, x << 5n);
    return x;
  };
}

test.each(INPUTS.map((input) => [input.about, input] as const))(
  'the sketch of an adapter is that of Python: %s',
  (_about, { weights, sketch: expected }) => {
    const found = sketch(createSketcher(TARGET, adapters), weights);
    expect(found).toHaveLength(expected.length);
    for (const [bucket, value] of expected.entries()) {
      expect(found[bucket]).toBeCloseTo(value, 8);
    }
  },
);

test('what counts is the update, not the matrices that it is written in', () => {
  const { layers, rank } = TARGET;
  const weights = INPUTS[0]?.weights as LoraWeights;
  // M A and B M^-1 for M = [[2, 1], [1, 1]] and M^-1 = [[1, -1], [-1, 2]].
  const mixed: LoraWeights = new Map(
    TARGET.modules.map(({ name, in: inner, out }) => {
      const { A, B } = weights.get(name) as { A: Float32Array; B: Float32Array };
      const [a, b] = [A.slice(), B.slice()];
      for (let layer = 0; layer < layers; layer++) {
        for (let k = 0; k < inner; k++) {
          const at = layer * rank * inner + k;
          const [x, y] = [A[at] as number, A[at + inner] as number];
          [a[at], a[at + inner]] = [2 * x + y, x + y];
        }
        for (let row = 0; row < out; row++) {
          const at = (layer * out + row) * rank;
          const [x, y] = [B[at] as number, B[at + 1] as number];
          [b[at], b[at + 1]] = [x - y, 2 * y - x];
        }
      }
      return [name, { A: a, B: b }];
    }),
  );
  const sketcher = createSketcher(TARGET, adapters);
  const [one, other] = [sketch(sketcher, weights), sketch(sketcher, mixed)];
  for (const [bucket, value] of one.entries()) {
    expect(other[bucket]).toBeCloseTo(value, 4);
  }
});

test('a module draws by its place in the target, whatever else is sketched', () => {
  const alone = createSketcher(TARGET, { ...adapters, modules: ['v_proj'] });
  const both = createSketcher(TARGET, { ...adapters, modules: ['q_proj', 'v_proj'] });
  expect(alone.modules).toEqual(both.modules.slice(1));
});

test('weights without a sketched module are refused', () => {
  expect(() => sketch(createSketcher(TARGET, adapters), new Map())).toThrow('q_proj');
});
