/**
 * Opened bundles of this isolate. A bundle is immutable and this map is keyed by its digest, so
 * remembering one saves a read and changes nothing else. A manifest is some 100 kB.
 */
import { type BundleSource, type OpenedBundle, openBundle } from '../hypernet/bundle.ts';
import type { HypernetVersion } from './families.ts';

const opened = new Map<string, OpenedBundle>();
const MAX_OPENED = 8;

/** Opens the bundle of a version, or gives the one that was opened before; its manifest is verified. */
export async function openOnce(
  source: BundleSource,
  version: HypernetVersion,
): Promise<OpenedBundle> {
  const known = opened.get(version.digest);
  if (known !== undefined) {
    return known;
  }
  const bundle = await openBundle(source, version);
  const oldest = opened.keys().next().value;
  if (opened.size >= MAX_OPENED && oldest !== undefined) {
    opened.delete(oldest);
  }
  opened.set(version.digest, bundle);
  return bundle;
}
