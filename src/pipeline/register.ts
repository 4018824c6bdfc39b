/**
 * Registering a bundle.
 *
 * Registration reads every file of the bundle and checks it against the manifest. Only then the row is
 * written, in one statement: a bundle is registered whole or not at all. Registering it once more checks
 * it once more: files may have been damaged since. Whether its graphs give the golden vectors is for the
 * release script to find out.
 */

import { bundlePath, checkBundle, openBundle, r2Source } from '../bundle/bundle.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import type { Catalog } from '../store/catalog.ts';
import type { HypernetStore } from '../store/hypernets.ts';
import { steady } from '../store/steady.ts';
import { requireTrusted } from './trust.ts';

/** The effects of administration. */
export interface RegistryEffects {
  readonly catalog: Catalog;
  readonly hypernets: HypernetStore;
  /** Where registered bundles lie. */
  readonly bucket: R2Bucket;
  /** The variable TRUSTED_KEYS. */
  readonly trustedKeys: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A bundle by all its names. */
export interface BundleReference {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

/** Verifies and registers a bundle that lies in the bucket; says whether it was new. */
export async function registerBundle(
  reference: BundleReference,
  effects: RegistryEffects,
): Promise<boolean> {
  const { catalog, hypernets, bucket, now } = effects;
  const source = steady(r2Source(bucket));
  const taken = await catalog.byVersion(reference.name, reference.version);
  if (taken !== undefined && taken.digest !== reference.digest) {
    throw versionTaken(reference, taken.digest);
  }
  // A built-in version answers without a row only as long as the deployment has it: one that lies in
  // the bucket is registered all the same, so that the next deployment may ship another.
  if (taken?.origin === 'built-in' && (await source.read(manifestKey(reference))) === null) {
    return false;
  }
  await blamingBundlesOn('caller', async () => {
    const bundle = await openBundle(source, reference);
    await requireTrusted({ ...reference, origin: taken?.origin ?? 'registered' }, effects);
    await checkBundle(bundle);
  });
  if (taken?.origin === 'registered') {
    return false;
  }
  if (await hypernets.insert({ ...reference, registeredAt: now() })) {
    return taken === undefined;
  }
  // Another registration was faster; it must have been the same bundle.
  const winner = await hypernets.byVersion(reference.name, reference.version);
  if (winner?.digest !== reference.digest) {
    throw versionTaken(reference, winner?.digest ?? 'another');
  }
  return false;
}

function manifestKey({ name, version }: BundleReference): string {
  return bundlePath({ name, version }, 'manifest.json');
}

function versionTaken({ name, version }: BundleReference, digest: string): T2lError {
  return new T2lError(
    'hypernet_version_taken',
    `${name}@${version} is registered with digest ${digest}; versions never change, use a new one.`,
  );
}
