/**
 * An adapter as a repository: one commit, which its id names, with the files of its row and the card,
 * which is written when its size, its hash or its bytes are asked for. What is said of the adapter is
 * what its card says.
 */

import { type CardData, cardData } from '../adapter/card/front-matter.ts';
import { CARD_FILE } from '../adapter/card.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { commitOf, repositoryOf } from '../contract/repository-names.ts';
import { cardOfRow, recordedFiles } from '../pipeline/card-file.ts';
import { type Makers, makersOf } from '../pipeline/makers.ts';
import type { ProducedFile } from '../pipeline/produce.ts';
import { readStored } from '../pipeline/stored-files.ts';
import { partOf } from '../store/blobs.ts';
import type { AdapterRow } from '../store/schema.ts';
import { remakingError, startRemaking } from './remaking.ts';
import type { HubEffects, Repository, RepositoryFacts, Snapshot } from './repository.ts';

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
    snapshot: async () => adapterSnapshot(row, await makersOf([row], effects.catalog), effects),
  };
}

/** What lies in the repository of a row: without its bundle there is no card. */
export function adapterSnapshot(row: AdapterRow, makers: Makers, effects: HubEffects): Snapshot {
  const stored = new Map(recordedFiles(row).map((file) => [file.name, file]));
  const maker = makers.get(row.hypernetDigest);
  let written: Promise<ProducedFile> | undefined;

  function card(): Promise<ProducedFile> {
    written ??= cardOfRow(row, maker as Bundle, effects.card);
    return written;
  }

  return {
    commit: commitOf(row.id),
    createdAt: row.createdAt,
    paths: [...stored.keys(), ...(maker === undefined ? [] : [CARD_FILE])].sort(),
    facts: factsOf(row, maker),
    async file(path) {
      const { name: _, ...file } = stored.get(path) ?? (await card());
      const bytes = typeof file.bytes === 'number' ? file.bytes : file.bytes.length;
      return { ...file, path, bytes, lasting: stored.has(path) };
    },
    async read({ path }, range) {
      const file = stored.get(path);
      if (file === undefined) {
        const { bytes } = await card();
        return partOf(bytes, range);
      }
      const body = await readStored(row, file, range, effects);
      if (typeof body === 'string') {
        startRemaking(row, file, effects);
        throw remakingError(row);
      }
      return body;
    },
    async announce({ path }) {
      const file = stored.get(path);
      if (file === undefined) {
        return;
      }
      const body = await effects.blobs.get(row.id, file, { offset: 0, length: 1 });
      if (body === null) {
        startRemaking(row, file, effects);
      }
      await body?.cancel();
    },
  };
}

function factsOf(
  { baseModel, hypernetName, output }: AdapterRow,
  maker: Bundle | undefined,
): RepositoryFacts {
  const base = maker?.manifest.target.base_model ?? { id: baseModel };
  const card = cardData(hypernetName, output, base);
  return {
    library: card.library_name,
    pipeline: card.pipeline_tag,
    tags: tagsOf(card, hypernetName),
    card,
    config: { peft: { base_model_name_or_path: baseModel, task_type: 'CAUSAL_LM' } },
  };
}
