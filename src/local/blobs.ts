/**
 * Adapter files in folders, `adapters/<id>/<file>`, with the contract of the objects in R2: written
 * whole, checked against their sha256 when read, and only a cache of the rows.
 */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../contract/adapter-id.ts';
import { isHex64 } from '../contract/hex.ts';
import { type BlobStore, type ListedFile, partOf, type StoredBytes } from '../store/blobs.ts';
import { isCode, readIfThere, writeWhole } from './whole-file.ts';

/** The adapter files of a folder. */
export function blobFiles(folder: string): BlobStore {
  function pathOf(id: string, name: string): string {
    return join(folder, id, name);
  }

  async function read(id: string, file: { name: string; sha256: string }): Promise<StoredBytes> {
    const bytes = await readIfThere(pathOf(id, file.name));
    if (bytes === null) {
      return 'absent';
    }
    return (await sha256Hex(bytes)) === file.sha256 ? bytes : 'damaged';
  }

  return {
    read,
    async put(id, files) {
      for (const file of files) {
        if (typeof (await read(id, file)) === 'string') {
          await writeWhole(pathOf(id, file.name), file.bytes);
        }
      }
    },
    async get(id, file, range) {
      const bytes = await read(id, file);
      if (typeof bytes === 'string') {
        return null;
      }
      return new Blob([new Uint8Array(partOf(bytes, range))]).stream() as ReadableStream;
    },
    async remove(id, names) {
      for (const name of names) {
        await rm(pathOf(id, name), { force: true });
      }
      await rmdir(join(folder, id)).catch(() => undefined);
    },
    async list() {
      const ids = (await namesIn(folder)).filter(isHex64).sort();
      const files: ListedFile[] = [];
      for (const id of ids) {
        for (const name of await namesIn(join(folder, id))) {
          files.push({ id, name, at: (await stat(pathOf(id, name))).mtimeMs });
        }
      }
      return { files, next: undefined };
    },
  };
}

/** The names in a folder; none if it is not there. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) {
      return [];
    }
    throw error;
  }
}
