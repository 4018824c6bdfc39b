/**
 * Git's view of a repository. Every file counts as stored with Git LFS: the blob that git would hold
 * is the pointer text of the LFS specification, which size and sha256 of the file determine, so the
 * object names are right without the bytes at hand and `hf cache verify` compares sha256 alone.
 */
import { toHex } from '../contract/hex.ts';
import type { RepositoryFile } from './repository.ts';

/** The pointer to a file, and the name git gives it. */
export interface Pointer {
  readonly text: string;
  /** sha1 of the git blob. */
  readonly oid: string;
}

/** The pointer that git holds in place of a file. */
export async function pointerOf(file: Pick<RepositoryFile, 'bytes' | 'sha256'>): Promise<Pointer> {
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${file.sha256}\nsize ${file.bytes}\n`;
  return { text, oid: toHex(await objectHash('blob', new TextEncoder().encode(text))) };
}

/** One line of a git tree. */
export interface TreeLine {
  readonly name: string;
  readonly oid: string;
  readonly folder: boolean;
}

/** The name that git gives a folder with these entries. */
export async function treeOid(lines: readonly TreeLine[]): Promise<string> {
  // Git sorts a folder as if its name ended in a slash.
  const key = ({ name, folder }: TreeLine) => (folder ? `${name}/` : name);
  const sorted = lines.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
  const encoder = new TextEncoder();
  const parts = sorted.flatMap(({ name, oid, folder }) => [
    encoder.encode(`${folder ? '40000' : '100644'} ${name}\0`),
    Uint8Array.from(oid.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  ]);
  return toHex(await objectHash('tree', joined(parts)));
}

async function objectHash(type: string, content: Uint8Array): Promise<Uint8Array> {
  const header = new TextEncoder().encode(`${type} ${content.length}\0`);
  return new Uint8Array(await crypto.subtle.digest('SHA-1', joined([header, content])));
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
