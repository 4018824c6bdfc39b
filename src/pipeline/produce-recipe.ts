/** Making the adapter of a recipe: loads what it needs, the encoder only if there is text to encode. */

import { loadFitTable } from '../adapter/fit/table.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { type EncoderServices, loadEncoder } from '../encoder/index.ts';
import { loadHypernet } from '../hypernet/runtime.ts';
import type { Recipe } from './effects.ts';
import { type Produced, produceAdapter } from './produce.ts';

/**
 * Loads, encodes, runs and packs.
 *
 * @param loaded is told the milliseconds that loading took
 */
export async function produceRecipe(
  bundle: Bundle,
  recipe: Recipe,
  services: EncoderServices,
  loaded: (milliseconds: number) => void = () => undefined,
): Promise<Produced> {
  const start = performance.now();
  const mustEncode = 'description' in recipe.input && recipe.embedding === undefined;
  // Small beside the encoder, so it is read and decoded while that one is on its way. The networks are not: an
  // isolate has no room for the files of two.
  const coming = loadFitTable(bundle);
  coming.catch(() => undefined);
  const encoder = mustEncode ? await loadEncoder(bundle, services) : undefined;
  const hypernet = await loadHypernet(bundle, recipe.precision);
  const fit = await coming;
  loaded(performance.now() - start);
  return produceAdapter({
    ...recipe,
    bundle,
    encoder,
    hypernet,
    fit,
    clock: () => performance.now(),
  });
}
