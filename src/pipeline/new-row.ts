/** The row of an adapter that was just made: everything it takes to make it again, and what was found out of it. */
import type { Bundle } from '../bundle/bundle.ts';
import { searchText } from '../contract/search-text.ts';
import { outputOf } from '../output/kinds.ts';
import type { HypernetVersion } from '../store/families.ts';
import type { AdapterRow } from '../store/schema.ts';
import type { Recipe } from './effects.ts';
import type { Produced } from './produce.ts';

/** What an adapter is made of and by. */
export interface Plan {
  readonly version: HypernetVersion;
  readonly bundle: Bundle;
  readonly recipe: Recipe;
  /** Whether lists are to leave it out. */
  readonly unlisted: boolean;
}

/**
 * The row of an adapter.
 *
 * @param createdAt milliseconds since 1970
 */
export function rowOf(
  id: string,
  { version, bundle, recipe, unlisted }: Plan,
  produced: Produced,
  createdAt: number,
): AdapterRow {
  const { target } = bundle.manifest;
  const description = 'description' in recipe.input ? recipe.input.description : null;
  const folded = description === null ? null : searchText(description);
  return {
    id,
    createdAt,
    hypernetName: version.name,
    hypernetVersion: version.version,
    hypernetDigest: version.digest,
    baseModel: target.base_model.id,
    description,
    searchText: unlisted ? null : folded,
    unlistedText: unlisted ? folded : null,
    unlisted,
    embedding: produced.embedding,
    precision: recipe.precision,
    dtype: recipe.dtype,
    strength: recipe.strength,
    output: outputOf(target).kind,
    rank: target.rank,
    targetModules: target.modules.map(({ name }) => name),
    parameters: produced.parameters,
    files: produced.files.map(({ name, contentType, bytes, sha256 }) => ({
      name,
      contentType,
      bytes: bytes.byteLength,
      sha256,
    })),
    fit: produced.fit,
    norms: produced.norms,
    timings: { ...produced.timings_ms },
  };
}
