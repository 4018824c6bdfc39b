/**
 * Registering a bundle and choosing which version answers.
 *
 * Registration reads every file of the bundle and checks it against the manifest. Only then the row is
 * written, in one statement: a bundle is registered whole or not at all. Registering it once more checks
 * it once more, and so does activating it: files may have been damaged since. Whether its graphs give the
 * golden vectors is for the release script to find out.
 */

import { bundlePath, checkBundle, openBundle, r2Source } from '../bundle/bundle.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import type { Catalog } from '../store/catalog.ts';
import type { HypernetStore } from '../store/hypernets.ts';

/** The effects of administration. */
export interface RegistryEffects {
  readonly catalog: Catalog;
  readonly hypernets: HypernetStore;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A bundle by all its names. */
export interface BundleReference {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

/** Which version to activate: exactly one member is set. */
export interface Activation {
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
  readonly rollback?: true | undefined;
}

/** Verifies and registers a bundle that lies in the bucket; says whether it was new. */
export async function registerBundle(
  reference: BundleReference,
  bucket: R2Bucket,
  { catalog, hypernets, now }: RegistryEffects,
): Promise<boolean> {
  const taken = await catalog.byVersion(reference.name, reference.version);
  if (taken !== undefined && taken.digest !== reference.digest) {
    throw versionTaken(reference, taken.digest);
  }
  // A built-in version answers without a row only as long as the deployment has it: one that lies in
  // the bucket is registered all the same, so that the next deployment may ship another.
  if (taken?.origin === 'built-in' && (await bucket.head(manifestKey(reference))) === null) {
    return false;
  }
  await blamingBundlesOn('caller', async () =>
    checkBundle(await openBundle(r2Source(bucket), reference)),
  );
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

/** Makes a version the one that answers to a name. */
export async function activateVersion(
  name: string,
  activation: Activation,
  { catalog, hypernets, now }: RegistryEffects,
): Promise<void> {
  const family = await catalog.family(name);
  if (activation.rollback && family?.previousDigest === null) {
    throw new T2lError(
      'hypernet_no_previous',
      `${name} has had one active version only; activate one by version or digest.`,
    );
  }
  const digest = activation.rollback ? family?.previousDigest : activation.digest;
  const version = family?.versions.find((one) =>
    activation.version === undefined ? one.digest === digest : one.version === activation.version,
  );
  if (family === undefined || version === undefined) {
    throw new T2lError(
      'hypernet_unknown',
      `${name} has no such version; POST /v1/hypernets registers one.`,
    );
  }
  // A bundle that cannot be read any more must not become the one that answers.
  await blamingBundlesOn('caller', async () => checkBundle(await catalog.openAnew(version)));
  const before = family.activeDigest === version.digest ? null : family.activeDigest;
  await hypernets.activate(name, version.digest, before, now());
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
