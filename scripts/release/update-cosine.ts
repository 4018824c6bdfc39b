/**
 * How alike two adapters are in what they do: the cosine of their updates B A, module by module and
 * layer by layer. A and B themselves would not tell, since many pairs make the same update.
 */
import type { Target } from '../../src/bundle/manifest.ts';
import type { OutputWeights } from '../../src/output/output.ts';

interface Pair {
  readonly A: Float32Array;
  readonly B: Float32Array;
}

/** The cosine of every update of two sets of weights for one target, which have A and B. */
export function* updateCosines(
  { layers, modules, rank }: Target,
  x: OutputWeights,
  y: OutputWeights,
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

function layerOf(weights: OutputWeights, name: string, layer: number, layers: number): Pair {
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
