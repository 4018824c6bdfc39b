/**
 * What a document warns of beside its fit. A fit speaks of what was measured; where a bundle measured no
 * strengths, only the norms show that one carries the update beyond all that the network was trained to
 * write. Nothing is recorded of it: it follows from the norms of the row and those of its bundle's manifest.
 */
import type * as z from 'zod';
import { beyondGuard, type Guarding, reportedNorm } from '../adapter/norms.ts';
import type { adapterSchema } from '../contract/documents/adapter.ts';
import type { AdapterRow } from '../store/schema.ts';

type Warning = z.output<typeof adapterSchema>['warnings'][number];

/**
 * The warnings of a row's document.
 *
 * @param guarding the manifest of the bundle that made it; undefined: it is gone, and nobody can tell
 */
export function warningsOf(
  { norms, strength }: Pick<AdapterRow, 'norms' | 'strength'>,
  guarding: Guarding | undefined,
): Warning[] {
  const layers = (guarding === undefined ? [] : beyondGuard(guarding, norms, strength)).map(
    ({ limit, ...layer }) => ({ ...layer, limit: reportedNorm(limit) }),
  );
  const [first] = layers;
  if (first === undefined) {
    return [];
  }
  const { module, layer, norm, limit } = first;
  const where = layers.length === 1 ? 'a layer' : `${layers.length} layers`;
  return [
    {
      code: 'strength_beyond_norms',
      text:
        `at strength ${strength} the update of ${where} is larger than any that the hypernetwork may write: ` +
        `that of ${module} in layer ${layer} has norm ${norm}, the limit is ${limit}`,
      layers,
    },
  ];
}
