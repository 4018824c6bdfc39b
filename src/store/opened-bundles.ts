/** Opened bundles of this isolate: opening one reads its manifest, some 100 kB, and verifies it. */
import { type BundleSource, type OpenedBundle, openBundle } from '../bundle/bundle.ts';
import { createLatest } from '../bundle/latest.ts';
import type { HypernetVersion } from './families.ts';

const MAX_OPENED = 8;
const opened = createLatest<OpenedBundle>(MAX_OPENED);

/** Opens the bundle of a version, or gives the one that was opened before; its manifest is verified. */
export function openOnce(source: BundleSource, version: HypernetVersion): Promise<OpenedBundle> {
  return opened(version.digest, () => openBundle(source, version));
}
