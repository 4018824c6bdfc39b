/** The base models that lie beside the bundles and run in this process. */
import './node-20.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseModel, openBaseModel } from '../lm/index.ts';
import { ASSETS } from './places.ts';

/** Loads a base model from the assets; undefined if it is none that runs here. */
export async function openLocalBaseModel(id: string): Promise<BaseModel | undefined> {
  const folder = join(ASSETS, 'base-models', id.split('/').at(-1) ?? '');
  return openBaseModel(id, (file) => readFile(join(folder, file)));
}
