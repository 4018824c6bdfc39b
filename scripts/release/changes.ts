/**
 * How alike two adapters are in what they change, part by part: for a LoRA the update B A of every layer
 * (`update-cosine.ts`), for a DoRA this and the magnitudes of every layer, for IA3 how far its factors are
 * from 1, which changes nothing. Magnitudes and factors all lie near some positive number: of factors it
 * is known, and taken off; how long a base model's rows are is in no bundle, so magnitudes are compared
 * as they are.
 */
import type { Target } from '../../src/bundle/manifest.ts';
import { sidesOf, sizeOf } from '../../src/output/kinds.ts';
import type { OutputWeights, SideName } from '../../src/output/output.ts';
import { cosine } from './compare.ts';
import { updateCosines } from './update-cosine.ts';

/** The cosine of every part of two sets of weights for one target. */
export function* changeCosines(
  target: Target,
  x: OutputWeights,
  y: OutputWeights,
): Generator<readonly [name: string, cosine: number]> {
  if (target.output !== 'ia3') {
    yield* updateCosines(target, x, y);
  }
  for (const module of target.modules) {
    for (const side of sidesOf(target, module).filter(({ name }) => name === 'M' || name === 'L')) {
      for (let layer = 0; layer < target.layers; layer++) {
        const size = sizeOf(side);
        const of = (weights: OutputWeights) => {
          const values = weights.get(module.name)?.[side.name] ?? new Float32Array(0);
          return changeOf(side.name, values.subarray(layer * size, (layer + 1) * size));
        };
        yield [`${side.name} of ${module.name} in layer ${layer}`, cosine(of(x), of(y))];
      }
    }
  }
}

/** What the values of a side change. */
export function changeOf(side: SideName, values: Float32Array): Float32Array {
  return side === 'L' ? values.map((value) => value - 1) : values;
}
