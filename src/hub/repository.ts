/**
 * What a repository is, whatever it is made from: names (branches and tags) for commits, and at every
 * commit a fixed list of files. Everything the protocol says of files, their git object names, the
 * folders, the sizes, follows from that list.
 */

import { T2lError } from '../contract/errors.ts';
import type { PipelineEffects } from '../pipeline/effects.ts';
import type { ByteRange } from '../store/blobs.ts';

/** A file at a commit. */
export interface RepositoryFile {
  /** Slashes separate folders. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string;
  /** Whether the commit stands for these bytes for good; left out: it does. */
  readonly lasting?: boolean;
}

/** A name for a commit. */
export interface Ref {
  readonly name: string;
  readonly commit: string;
}

/** What clients and people are told of a repository beside its files. */
export interface RepositoryFacts {
  readonly library: string;
  readonly pipeline?: string;
  readonly tags: readonly string[];
  /** The front matter of its card; left out where it has no card. */
  readonly card?: object;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A repository at one commit. */
export interface Snapshot {
  readonly commit: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** What lies there, sorted. */
  readonly paths: readonly string[];
  /** The file at one of the paths; a card is written for it. */
  file(path: string): Promise<RepositoryFile>;
  readonly facts: RepositoryFacts;
  /** The bytes of a file or a part of it. */
  read(file: RepositoryFile, range?: ByteRange): Promise<ReadableStream | Uint8Array>;
  /** Called when a client asks about a file that it will soon ask for. */
  announce(file: RepositoryFile): Promise<void>;
}

/** A repository: its refs, and what lies at their commits. */
export interface Repository {
  readonly id: string;
  /** Whether the request named it by its whole, lasting name. */
  readonly lasting: boolean;
  readonly branches: readonly Ref[];
  readonly tags: readonly Ref[];
  snapshot(commit: string): Promise<Snapshot>;
}

const DEFAULT_BRANCH = 'main';

/** Files that an error names: a network in chunks has more than a hundred. */
const MAX_NAMED_FILES = 8;

/**
 * The commit that a revision names.
 *
 * @throws T2lError `revision_unknown`
 */
export function commitNamed(repository: Repository, revision = DEFAULT_BRANCH): string {
  const { branches, tags } = repository;
  const branch = revision === 'HEAD' ? DEFAULT_BRANCH : revision.replace(/^refs\/heads\//, '');
  const tag = revision.replace(/^refs\/tags\//, '');
  const found =
    branches.find(({ name }) => name === branch) ??
    tags.find(({ name }) => name === tag) ??
    [...branches, ...tags].find(({ commit }) => commit === revision);
  if (found === undefined) {
    const names = [...branches, ...tags].map(({ name }) => name).join(', ');
    throw new T2lError(
      'revision_unknown',
      `${repository.id} has no revision ${revision}; it has ${names}, and their commits.`,
    );
  }
  return found.commit;
}

/**
 * The file at a path.
 *
 * @throws T2lError `entry_unknown`
 */
export async function fileAt(
  repository: Repository,
  snapshot: Snapshot,
  path: string,
): Promise<RepositoryFile> {
  return snapshot.paths.includes(path)
    ? snapshot.file(path)
    : entryUnknown(repository, snapshot, path);
}

/** All files of a snapshot, in order. */
export function allFiles({ paths, file }: Pick<Snapshot, 'paths' | 'file'>) {
  return Promise.all(paths.map((path) => file(path)));
}

/** A snapshot's view of files that are all known. */
export function fixedFiles(files: readonly RepositoryFile[]): Pick<Snapshot, 'paths' | 'file'> {
  const known = new Map(files.map((file) => [file.path, file]));
  return {
    paths: [...files].sort(byPath).map(({ path }) => path),
    file: async (path) => known.get(path) as RepositoryFile,
  };
}

/** Refuses a path at which a commit has nothing. */
export function entryUnknown(
  { id }: Pick<Repository, 'id'>,
  { commit, paths }: Pick<Snapshot, 'commit' | 'paths'>,
  path: string,
): never {
  throw new T2lError('entry_unknown', `${id} has no ${path}; it has ${listed(paths)}.`, {
    extra: { commit },
  });
}

function listed(paths: readonly string[]): string {
  const rest = paths.length - MAX_NAMED_FILES;
  return [...paths.slice(0, MAX_NAMED_FILES), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

/** Order of git and of every list here: by code units, never by locale. */
export function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}

/** What repositories are made from: the pipeline's effects, and the stores that files stream from. */
export interface HubEffects extends PipelineEffects {
  /** The static assets: built-in bundles and base models. */
  readonly assets: Pick<Fetcher, 'fetch'>;
  /** Registered bundles. */
  readonly bundles: Pick<R2Bucket, 'get'>;
  /** Lets work go on after the answer. */
  waitUntil(work: Promise<unknown>): void;
}
