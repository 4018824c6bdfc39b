/** The bundles that ship: which one answers when a request names none, and where they lie. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuiltIn, readBuiltIn } from '../src/store/built-in.ts';
import { familiesOf } from '../src/store/families.ts';
import { ROOT } from './environment.ts';

const HYPERNETS = join(ROOT, 'src/assets/hypernets');

/** The hypernetwork that answers when a request names none. */
export async function defaultHypernet(): Promise<string> {
  return (await readIndex()).defaultName;
}

/** The folders of all bundles that answer to their names, names in order. */
export async function builtInBundles(): Promise<string[]> {
  const { versions } = await readIndex();
  return familiesOf(versions, { registered: [], channels: [], yanks: [] }, undefined).flatMap(
    (family) =>
      family.versions
        .filter(({ digest }) => digest === family.activeDigest)
        .map(({ name, version }) => join(HYPERNETS, name, version)),
  );
}

function readIndex(): Promise<BuiltIn> {
  return readBuiltIn({ read: (path) => readFile(join(HYPERNETS, path)) });
}
