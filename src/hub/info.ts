/**
 * Model info: what the Hub says of a repository at a commit. Without `expand` all of it is sent, as
 * much as the oldest and the newest clients read; with `expand` only what was asked for. A property
 * that this endpoint does not have is left out, as the Hub leaves out what does not apply.
 */
import { allFiles, type Repository, type Snapshot } from './repository.ts';
import { siblingsOf } from './tree.ts';

/** What a client wants to know. */
export interface InfoOptions {
  /** Names of properties; empty for all. */
  readonly expand: readonly string[];
  /** Whether the files come with sizes and hashes. */
  readonly blobs: boolean;
  readonly securityStatus: boolean;
}

/** Digits of the ids that the Hub's database gives its records. */
const RECORD_DIGITS = 24;

/** The document of a repository at a commit. */
export async function modelInfo(
  { id }: Pick<Repository, 'id'>,
  snapshot: Snapshot,
  { expand, blobs, securityStatus }: InfoOptions,
): Promise<Record<string, unknown>> {
  const { commit, createdAt, facts } = snapshot;
  const date = new Date(createdAt).toISOString();
  const identity = { _id: commit.slice(0, RECORD_DIGITS), id };
  // Nobody has scanned anything here.
  const security = { securityRepoStatus: { scansDone: false, filesWithIssues: [] } };
  const whole = expand.length === 0;
  const properties: Record<string, unknown> = {
    modelId: id,
    author: id.split('/', 1)[0],
    sha: commit,
    private: false,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: facts.tags,
    library_name: facts.library,
    pipeline_tag: facts.pipeline,
    createdAt: date,
    lastModified: date,
    siblings: await siblingsOf(snapshot, blobs),
    spaces: [],
    // Where there is no card, there is nothing that it says.
    ...(facts.card !== undefined && { cardData: facts.card }),
    config: facts.config,
    ...((whole || expand.includes('usedStorage')) && {
      usedStorage: (await allFiles(snapshot)).reduce((sum, { bytes }) => sum + bytes, 0),
    }),
  };
  if (whole) {
    return { ...identity, ...properties, ...(securityStatus && security) };
  }
  const known: Record<string, unknown> = { ...properties, ...security };
  return {
    ...identity,
    ...Object.fromEntries(
      expand.flatMap((name) => (Object.hasOwn(known, name) ? [[name, known[name]]] : [])),
    ),
  };
}
