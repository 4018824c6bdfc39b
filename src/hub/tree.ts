/**
 * The entries of a repository as the Hub lists them: files with their git and LFS names, and the
 * folders that their paths imply. The same entries answer the tree, paths-info and `siblings`.
 */
import { pointerOf, type TreeLine, treeOid } from './git-objects.ts';
import { allFiles, byPath, type RepositoryFile, type Snapshot } from './repository.ts';

/** The last change of an entry, for clients that ask to `expand`. */
export interface LastCommit {
  readonly id: string;
  readonly title: string;
  readonly date: string;
}

/** A file or a folder, as the tree lists it. */
export interface TreeEntry {
  readonly type: 'file' | 'directory';
  readonly oid: string;
  readonly size: number;
  readonly path: string;
  readonly lfs?: { readonly oid: string; readonly size: number; readonly pointerSize: number };
  readonly lastCommit?: LastCommit;
}

/** A file, as model info lists it. */
export interface Sibling {
  readonly rfilename: string;
  readonly size?: number;
  readonly blobId?: string;
  readonly lfs?: { readonly sha256: string; readonly size: number; readonly pointerSize: number };
}

/** Title of the one commit that everything comes from. */
export const COMMIT_TITLE = 'As generated';

/** All entries of a snapshot, folders before what lies in them. */
export async function allEntries(snapshot: Snapshot, expand: boolean): Promise<TreeEntry[]> {
  const last = expand ? { lastCommit: lastCommitOf(snapshot) } : {};
  const files = await Promise.all((await allFiles(snapshot)).map((file) => fileEntry(file)));
  const folders: TreeEntry[] = [];
  await addFolder('', files, folders);
  return [...folders, ...files].map((entry) => ({ ...entry, ...last })).sort(byPath);
}

/**
 * The entries below a folder; undefined if there is no such folder.
 *
 * @param folder without a slash at its end; empty for the root
 */
export function entriesBelow(
  entries: readonly TreeEntry[],
  folder: string,
  recursive: boolean,
): TreeEntry[] | undefined {
  if (folder !== '' && !entries.some(({ type, path }) => type === 'directory' && path === folder)) {
    return undefined;
  }
  const prefix = folder === '' ? '' : `${folder}/`;
  return entries.filter(
    ({ path }) =>
      path.startsWith(prefix) && (recursive || !path.slice(prefix.length).includes('/')),
  );
}

/** The files of a snapshot for model info; sizes and hashes only on demand, as on the Hub. */
export async function siblingsOf(snapshot: Snapshot, blobs: boolean): Promise<Sibling[]> {
  if (!blobs) {
    return snapshot.paths.map((path) => ({ rfilename: path }));
  }
  return Promise.all(
    (await allFiles(snapshot)).map(async ({ path, bytes, sha256 }) => {
      const { text, oid } = await pointerOf({ bytes, sha256 });
      return {
        rfilename: path,
        size: bytes,
        blobId: oid,
        lfs: { sha256, size: bytes, pointerSize: text.length },
      };
    }),
  );
}

async function fileEntry({ path, bytes, sha256 }: RepositoryFile): Promise<TreeEntry> {
  const { text, oid } = await pointerOf({ bytes, sha256 });
  const lfs = { oid: sha256, size: bytes, pointerSize: text.length };
  return { type: 'file', oid, size: bytes, path, lfs };
}

/** Adds the folders below `prefix` to `folders`; gives git's name of the folder itself. */
async function addFolder(
  prefix: string,
  files: readonly TreeEntry[],
  folders: TreeEntry[],
): Promise<string> {
  const lines: TreeLine[] = [];
  const names = new Set<string>();
  for (const { path, oid } of files) {
    const [name = '', ...rest] = path.slice(prefix.length).split('/');
    if (rest.length === 0) {
      lines.push({ name, oid, folder: false });
    } else {
      names.add(name);
    }
  }
  for (const name of names) {
    const path = `${prefix}${name}`;
    const inside = files.filter((file) => file.path.startsWith(`${path}/`));
    const oid = await addFolder(`${path}/`, inside, folders);
    lines.push({ name, oid, folder: true });
    folders.push({ type: 'directory', oid, size: 0, path });
  }
  return treeOid(lines);
}

/** The commit that everything at a snapshot comes from. */
export function lastCommitOf({
  commit,
  createdAt,
}: Pick<Snapshot, 'commit' | 'createdAt'>): LastCommit {
  return { id: commit, title: COMMIT_TITLE, date: new Date(createdAt).toISOString() };
}
