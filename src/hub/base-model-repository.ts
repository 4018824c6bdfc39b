/**
 * The base models among the static assets, as the repositories that the manifests name them by: a
 * client whose hub is this endpoint finds the base model of an adapter in the same place. Their files
 * are listed in base-models/index.json (scripts/index-base-models.ts writes it).
 */
import * as z from 'zod';
import type { HubEffects } from './repository.ts';
import { fixedFiles, type Repository } from './repository.ts';
import { readAsset } from './streams.ts';

const FOLDER = 'base-models';

/** The list of base models that are served. */
export const baseModelIndexSchema = z.array(
  z.object({
    id: z.string(),
    revision: z.string().regex(/^[0-9a-f]{40}$/),
    architecture: z.string(),
    license: z.string(),
    folder: z.string(),
    files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
  }),
);

/** A base model that is served. */
export type BaseModelEntry = z.output<typeof baseModelIndexSchema>[number];

/** The repository with this id, if a base model has it. */
export async function baseModelRepository(
  id: string,
  effects: Pick<HubEffects, 'assets'>,
): Promise<Repository | undefined> {
  const entry = (await readIndex(effects)).find((one) => one.id === id);
  return entry && repositoryOfEntry(entry, effects);
}

function repositoryOfEntry(
  { id, revision, architecture, license, folder, files }: BaseModelEntry,
  { assets }: Pick<HubEffects, 'assets'>,
): Repository {
  return {
    id,
    lasting: true,
    branches: [{ name: 'main', commit: revision }],
    tags: [],
    snapshot: async () => ({
      commit: revision,
      // Nobody noted when a built-in model came.
      createdAt: 0,
      ...fixedFiles(
        files.map((file) => ({
          ...file,
          contentType: file.path.endsWith('.json')
            ? 'application/json'
            : 'application/octet-stream',
        })),
      ),
      facts: {
        library: 'transformers',
        pipeline: 'text-generation',
        tags: ['transformers', 'text-generation', architecture, `license:${license}`],
        config: { model_type: architecture },
      },
      read: (file, range) => readAsset(assets, `${FOLDER}/${folder}/${file.path}`, file, range),
      announce: async () => {},
    }),
  };
}

async function readIndex({
  assets,
}: Pick<HubEffects, 'assets'>): Promise<z.output<typeof baseModelIndexSchema>> {
  const response = await assets.fetch(`https://assets.local/${FOLDER}/index.json`);
  if (!response.ok) {
    await response.body?.cancel();
    return [];
  }
  return baseModelIndexSchema.parse(await response.json());
}
