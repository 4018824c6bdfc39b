/**
 * An adapter as a repository: one commit, which its id names, with the files of its row. What is said of
 * it is what its card says; the card is not read for it, because both follow from the bundle's manifest.
 */
import { type CardData, cardData } from '../adapter/card/front-matter.ts';
import { T2lError } from '../contract/errors.ts';
import { commitOf, repositoryOf } from '../contract/repository-names.ts';
import type { Catalog } from '../store/catalog.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import type { HubEffects } from './effects.ts';
import { remakingError, startRemaking } from './remaking.ts';
import { byPath, type Repository, type RepositoryFacts, type Snapshot } from './repository.ts';

/** Cards by the digest of the bundle that made the adapter. */
export type Cards = ReadonlyMap<string, CardData>;

/** The cards of some adapters. A bundle that is gone or broken has none: the row knows the rest. */
export async function cardsOf(
  rows: readonly Pick<AdapterRow, 'hypernetDigest'>[],
  catalog: Pick<Catalog, 'byDigest' | 'open'>,
): Promise<Cards> {
  const found = new Map<string, CardData>();
  for (const digest of new Set(rows.map((row) => row.hypernetDigest))) {
    const version = await catalog.byDigest(digest);
    const bundle = version && (await catalog.open(version).catch(absentIfBroken));
    if (bundle !== undefined) {
      const { name, target } = bundle.manifest;
      found.set(digest, cardData(name, target.base_model));
    }
  }
  return found;
}

/** The tags of a card with those that the Hub makes of its other keys. */
export function tagsOf(
  { tags, pipeline_tag: pipeline, base_model: base, license }: CardData,
  hypernet: string,
): string[] {
  return [
    ...tags,
    pipeline,
    `hypernetwork:${hypernet}`,
    `base_model:${base}`,
    `base_model:adapter:${base}`,
    ...(license === undefined ? [] : [`license:${license}`]),
  ];
}

/**
 * The repository of a row.
 *
 * @param lasting whether the request named the adapter by its whole id
 */
export function adapterRepository(
  row: AdapterRow,
  lasting: boolean,
  effects: HubEffects,
): Repository {
  return {
    id: repositoryOf(row.id),
    lasting,
    branches: [{ name: 'main', commit: commitOf(row.id) }],
    tags: [],
    snapshot: async () => adapterSnapshot(row, await cardsOf([row], effects.catalog), effects),
  };
}

/** What lies in the repository of a row. */
export function adapterSnapshot(row: AdapterRow, cards: Cards, effects: HubEffects): Snapshot {
  const stored = new Map(row.files.map((file) => [file.name, file]));
  return {
    commit: commitOf(row.id),
    createdAt: row.createdAt,
    files: row.files.map(({ name, ...file }) => ({ path: name, ...file })).sort(byPath),
    facts: factsOf(row, cards),
    async read({ path }, range) {
      const file = stored.get(path) as StoredFile;
      const body = await effects.blobs.get(row.id, file, range);
      if (body === null) {
        startRemaking(row, file, effects);
        throw remakingError(row);
      }
      return body;
    },
    async announce({ path }) {
      const file = stored.get(path) as StoredFile;
      const body = await effects.blobs.get(row.id, file, { offset: 0, length: 1 });
      if (body === null) {
        startRemaking(row, file, effects);
      }
      await body?.cancel();
    },
  };
}

function factsOf(
  { baseModel, hypernetName, hypernetDigest }: AdapterRow,
  cards: Cards,
): RepositoryFacts {
  const card = cards.get(hypernetDigest) ?? cardData(hypernetName, { id: baseModel });
  return {
    library: card.library_name,
    pipeline: card.pipeline_tag,
    tags: tagsOf(card, hypernetName),
    card,
    config: { peft: { base_model_name_or_path: baseModel, task_type: 'CAUSAL_LM' } },
  };
}

function absentIfBroken(error: unknown): undefined {
  if (!(error instanceof T2lError)) {
    throw error;
  }
}
