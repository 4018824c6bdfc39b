/**
 * DoRA: the weights of a module with B A added, every row of them brought to a length of its own:
 *
 *   A [rank, in]    B [out, rank]    M [out], the lengths, as PEFT keeps them
 *   row i of the weights = M_i (W + B A)_i / |(W + B A)_i|
 *
 * A strength between this and the base model would have to bring M back to the lengths |W_i|, which are
 * the base model's and in no bundle; so there is strength 1 alone.
 */
import { noFeedforward, pairConfig, pairOf } from './lora.ts';
import type { Output } from './output.ts';

/** DoRA. */
export const dora: Output = {
  kind: 'dora',
  sides(module, rank) {
    const lengths = [module.out];
    const magnitudes = { shape: lengths, stored: lengths, suffix: 'lora_magnitude_vector' };
    return [...pairOf(module, rank), { name: 'M', ...magnitudes }];
  },
  config: (target) => pairConfig(target, true),
  oneStrength:
    "its magnitudes go with the whole update, and weakening them takes the lengths of the base model's " +
    'rows, which the hypernetwork does not have',
  problems: noFeedforward,
};
