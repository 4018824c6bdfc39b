/** The kinds of output by their names, and what is counted and read alike of all of them. */
import type { OutputKind } from '../contract/output-kinds.ts';
import { dora } from './dora.ts';
import { ia3 } from './ia3.ts';
import { lora } from './lora.ts';
import type { Output, OutputModule, OutputTarget, OutputWeights, Side } from './output.ts';

const KINDS: Readonly<Record<OutputKind, Output>> = { lora, dora, ia3 };

/** The kind of a target's adapters. */
export function outputOf({ output = 'lora' }: Pick<OutputTarget, 'output'>): Output {
  return KINDS[output];
}

/** The sides of a module of a target. */
export function sidesOf(
  target: Pick<OutputTarget, 'output' | 'rank'>,
  module: OutputModule,
): readonly Side[] {
  return outputOf(target).sides(module, target.rank);
}

/** How many numbers a side has in a layer. */
export function sizeOf({ shape }: Pick<Side, 'shape'>): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How many numbers every adapter of a target has. */
export function parametersOf(
  target: Pick<OutputTarget, 'output' | 'rank' | 'layers' | 'modules'>,
): number {
  const perLayer = target.modules
    .flatMap((module) => sidesOf(target, module))
    .reduce((sum, side) => sum + sizeOf(side), 0);
  return target.layers * perLayer;
}

/**
 * The weights of an adapter, put together side by side; modules in the target's order.
 *
 * @param read gives the values of a side for all layers
 */
export function weightsOf(
  target: Pick<OutputTarget, 'output' | 'rank' | 'modules'>,
  read: (module: OutputModule, side: Side) => Float32Array,
): OutputWeights {
  return new Map(
    target.modules.map((module) => [
      module.name,
      Object.fromEntries(sidesOf(target, module).map((side) => [side.name, read(module, side)])),
    ]),
  );
}
