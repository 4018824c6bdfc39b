/** The stores of a data folder: `rows/<id>.json`, `layouts/<id>/<tag>` and `adapters/<id>/<file>`. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipelineEffects } from '../pipeline/effects.ts';
import type { LayoutStore } from '../store/layouts.ts';
import { blobFiles } from './blobs.ts';
import { type OnUnreadable, rowFiles } from './rows.ts';
import { readIfThere, writeNew } from './whole-file.ts';

/** Rows, layouts and files; reading needs no folder, writing makes it. */
export function localStores(
  data: string,
  onUnreadable?: OnUnreadable,
): Pick<PipelineEffects, 'adapters' | 'blobs' | 'layouts'> {
  return {
    adapters: rowFiles(join(data, 'rows'), onUnreadable),
    blobs: blobFiles(blobFolder(data)),
    layouts: layoutFiles(join(data, 'layouts')),
  };
}

/** Where the files of adapters lie. */
export function blobFolder(data: string): string {
  return join(data, 'adapters');
}

/** The sha256 of made files, one in a file. */
function layoutFiles(folder: string): LayoutStore {
  return {
    async firstMade(id, tag, sha256) {
      const path = join(folder, id, tag);
      const known = await readIfThere(path);
      if (known === null && (await writeNew(path, sha256))) {
        return sha256;
      }
      // Another process may have been first.
      const noted = known ?? (await readIfThere(path));
      return noted === null ? sha256 : new TextDecoder().decode(noted);
    },
    async remove(id) {
      await rm(join(folder, id), { recursive: true, force: true });
    },
  };
}
