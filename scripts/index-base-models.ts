/**
 * Writes src/assets/base-models/index.json, the list of base models that the endpoint serves as
 * repositories: of every folder there its files, and the id and revision that the newest built-in
 * bundle for it names. To be run after a bundle or a base model was exported.
 *
 *   node scripts/index-base-models.ts
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseManifest } from '../src/bundle/manifest.ts';
import { sha256Hex } from '../src/contract/adapter-id.ts';
import type { BaseModelEntry } from '../src/hub/base-model-repository.ts';
import { ROOT } from './environment.ts';

const ASSETS = join(ROOT, 'src/assets');
const FOLDER = join(ASSETS, 'base-models');

/** Where the list lies. */
export const BASE_MODEL_INDEX = join(FOLDER, 'index.json');

/** The text of the list. */
export async function describeBaseModels(): Promise<string> {
  const index = JSON.parse(await readFile(join(ASSETS, 'hypernets/index.json'), 'utf8'));
  const entries = new Map<string, BaseModelEntry>();
  for (const { name, version } of index.bundles) {
    const path = join(ASSETS, 'hypernets', name, version, 'manifest.json');
    const { base_model: base } = parseManifest(await readFile(path)).target;
    const folder = base.id.split('/').at(-1) ?? '';
    const files = await filesOf(folder);
    if (files.length > 0) {
      entries.set(base.id, { ...base, folder, files });
    }
  }
  return `${JSON.stringify([...entries.values()], null, 2)}\n`;
}

async function filesOf(folder: string): Promise<BaseModelEntry['files']> {
  const names = await readdir(join(FOLDER, folder)).catch(() => []);
  return Promise.all(
    names.sort().map(async (path) => {
      const bytes = await readFile(join(FOLDER, folder, path));
      return { path, bytes: bytes.length, sha256: await sha256Hex(bytes) };
    }),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await writeFile(BASE_MODEL_INDEX, await describeBaseModels());
}
