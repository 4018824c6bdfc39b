/** The weights of a LoRA, for what is worked out of A and B and of nothing else. */
import { outputOf } from './kinds.ts';
import type { OutputTarget, OutputWeights } from './output.ts';

/** LoRA weights per module name: A [layers, rank, in] and B [layers, out, rank], row-major. */
export type LoraWeights = ReadonlyMap<
  string,
  { readonly A: Float32Array; readonly B: Float32Array }
>;

/** The same weights, if they are a LoRA's; undefined if a target has another kind of output. */
export function loraWeights(
  target: Pick<OutputTarget, 'output'>,
  weights: OutputWeights,
): LoraWeights | undefined {
  return outputOf(target).kind === 'lora' ? (weights as LoraWeights) : undefined;
}
