/** The bundles that made adapters, which say how their other layouts and their cards are made. */
import type { OpenedBundle } from '../bundle/bundle.ts';
import { T2lError } from '../contract/errors.ts';
import { forLog, logLine } from '../contract/log.ts';
import type { Catalog } from '../store/catalog.ts';
import type { HypernetVersion } from '../store/families.ts';
import type { AdapterRow } from '../store/schema.ts';

/** Bundles by their digests. */
export type Makers = ReadonlyMap<string, OpenedBundle>;

/** The bundles of some adapters. One that is gone or broken is left out: the rows know the rest. */
export async function makersOf(
  rows: readonly Pick<AdapterRow, 'hypernetDigest'>[],
  catalog: Pick<Catalog, 'byDigest' | 'open'>,
): Promise<Makers> {
  const found = new Map<string, OpenedBundle>();
  for (const digest of new Set(rows.map((row) => row.hypernetDigest))) {
    const version = await catalog.byDigest(digest);
    const bundle = version && (await openIfWhole(version, catalog));
    if (bundle !== undefined) {
      found.set(digest, bundle);
    }
  }
  return found;
}

/** The bundle of a version; undefined, and a line in the log, if it cannot be read. */
export function openIfWhole(
  version: HypernetVersion,
  catalog: Pick<Catalog, 'open'>,
): Promise<OpenedBundle | undefined> {
  return catalog.open(version).catch((error: unknown) => {
    if (!(error instanceof T2lError)) {
      throw error;
    }
    logLine('error', 'bundle unreadable', { hypernet: version.name, error: forLog(error) });
    return undefined;
  });
}
