/**
 * What the other layouts of an adapter are made by: the target of the bundle that made it. Where that
 * bundle is gone, as after an upgrade, another version of the same hypernetwork serves if it is for the
 * same base model, modules, kind and rank: how weights are laid out follows from these alone, and what was once
 * made still has to have the sha256 that was noted of it. A card says more of the bundle, and needs it.
 */
import { availableFormats, type Formats } from '../adapter/layouts.ts';
import type { Guarding } from '../adapter/norms.ts';
import type { Target } from '../bundle/manifest.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import { outputOf } from '../output/kinds.ts';
import type { Catalog } from '../store/catalog.ts';
import type { AdapterRow } from '../store/schema.ts';
import { makersOf, openIfWhole } from './makers.ts';

type Made = Pick<
  AdapterRow,
  | 'hypernetDigest'
  | 'hypernetName'
  | 'hypernetVersion'
  | 'baseModel'
  | 'output'
  | 'rank'
  | 'targetModules'
>;

/** What can be made of an adapter on demand. */
export interface MadeFiles {
  readonly formats: Formats;
  /** Whether it has a card. */
  readonly card: boolean;
  /** The manifest of the bundle that made it, unless that is gone. */
  readonly manifest: Guarding | undefined;
}

/**
 * The target of an adapter.
 *
 * @throws T2lError `hypernet_unknown` if its bundle is gone and no other is like it, or what is wrong with
 *   a bundle that is there and cannot be read
 */
export async function layoutTarget(row: Made, catalog: Catalog): Promise<Target> {
  const version = await catalog.byDigest(row.hypernetDigest);
  if (version !== undefined) {
    const bundle = await blamingBundlesOn('endpoint', () => catalog.open(version));
    return bundle.manifest.target;
  }
  const target = await targetOfRelative(row, catalog);
  if (target === undefined) {
    throw goneBundle(row);
  }
  return target;
}

/** What can be made of some adapters, by the digest of their bundle; left out where nothing can. */
export async function madeByDigest(
  rows: readonly Made[],
  catalog: Catalog,
): Promise<ReadonlyMap<string, MadeFiles>> {
  const makers = await makersOf(rows, catalog);
  const made = new Map<string, MadeFiles>();
  for (const [digest, row] of new Map(rows.map((one) => [one.hypernetDigest, one]))) {
    const maker = makers.get(digest);
    const target = maker?.manifest.target ?? (await targetOfRelative(row, catalog));
    if (target !== undefined) {
      const formats = availableFormats(target);
      made.set(digest, { formats, card: maker !== undefined, manifest: maker?.manifest });
    }
  }
  return made;
}

/** The error of what cannot be had without a bundle. */
export function goneBundle({ hypernetName, hypernetVersion }: Made): T2lError {
  return new T2lError(
    'hypernet_unknown',
    `${hypernetName} ${hypernetVersion} is gone, which says what the adapter's card and other layouts ` +
      'are made of; the stored files are left.',
  );
}

/**
 * The target of another version of the hypernetwork, if the one that made the adapter is gone and this is
 * the same as far as the row knows it.
 */
async function targetOfRelative(row: Made, catalog: Catalog): Promise<Target | undefined> {
  if ((await catalog.byDigest(row.hypernetDigest)) !== undefined) {
    return undefined;
  }
  const family = await catalog.family(row.hypernetName);
  const versions = family?.versions ?? [];
  const active = versions.find(({ digest }) => digest === family?.activeDigest);
  // The one that answers first: it is most likely opened already.
  for (const version of new Set([...(active ? [active] : []), ...versions])) {
    const bundle = await openIfWhole(version, catalog);
    if (bundle !== undefined && isAlike(bundle.manifest.target, row)) {
      return bundle.manifest.target;
    }
  }
  return undefined;
}

function isAlike(target: Target, row: Made): boolean {
  const { base_model, modules, rank } = target;
  return (
    base_model.id === row.baseModel &&
    outputOf(target).kind === row.output &&
    rank === row.rank &&
    modules.map(({ name }) => name).join() === row.targetModules.join()
  );
}
