/**
 * Adapter files in folders, `adapters/<id>/<file>`, with the contract of the objects in R2: written
 * whole, checked against their sha256 when read, and only a cache of the rows.
 */
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../contract/adapter-id.ts';
import { type BlobStore, partOf, type StoredBytes } from '../store/blobs.ts';
import { readIfThere, writeWhole } from './whole-file.ts';

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
  };
}
