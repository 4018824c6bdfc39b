/** The stores of a data folder: `rows/<id>.json` and `adapters/<id>/<file>`. */
import { join } from 'node:path';
import type { PipelineEffects } from '../pipeline/effects.ts';
import { blobFiles } from './blobs.ts';
import { rowFiles } from './rows.ts';

/** Rows and files; reading needs no folder, writing makes it. */
export function localStores(data: string): Pick<PipelineEffects, 'adapters' | 'blobs'> {
  return { adapters: rowFiles(join(data, 'rows')), blobs: blobFiles(blobFolder(data)) };
}

/** Where the files of adapters lie. */
export function blobFolder(data: string): string {
  return join(data, 'adapters');
}
