/** An adapter as a repository: one commit, which its id names, with the files of its row. */
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import type { HubEffects } from './effects.ts';
import { commitOf, repositoryOf } from './names.ts';
import { remakingError, startRemaking } from './remaking.ts';
import { byPath, type Repository, type RepositoryFacts, type Snapshot } from './repository.ts';

/** What every adapter is tagged with; the card in README.md says the same. */
export const ADAPTER_TAGS = ['lora', 'peft', 'text-to-lora'] as const;
export const ADAPTER_LIBRARY = 'peft';
export const ADAPTER_PIPELINE = 'text-generation';

/** Tags that say for which base model an adapter is. */
export function baseModelTags(baseModel: string): string[] {
  return [`base_model:${baseModel}`, `base_model:adapter:${baseModel}`];
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
    snapshot: async () => adapterSnapshot(row, effects),
  };
}

/** What lies in the repository of a row. */
export function adapterSnapshot(row: AdapterRow, effects: HubEffects): Snapshot {
  const stored = new Map(row.files.map((file) => [file.name, file]));
  return {
    commit: commitOf(row.id),
    createdAt: row.createdAt,
    files: row.files.map(({ name, ...file }) => ({ path: name, ...file })).sort(byPath),
    facts: factsOf(row),
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

function factsOf({ baseModel, hypernetName }: AdapterRow): RepositoryFacts {
  return {
    library: ADAPTER_LIBRARY,
    pipeline: ADAPTER_PIPELINE,
    tags: [...ADAPTER_TAGS, `hypernetwork:${hypernetName}`, ...baseModelTags(baseModel)],
    baseModel,
    config: { peft: { base_model_name_or_path: baseModel, task_type: 'CAUSAL_LM' } },
  };
}
