/**
 * Choosing which version answers to a name.
 *
 * Two people may do so at once. So whoever activates may say what they believe is active, and a rollback
 * must: if something else is, nothing is changed. The store writes only what was decided on the state it
 * has; if that has changed since it was looked at, it is looked at again.
 */

import { checkBundle } from '../bundle/bundle.ts';
import { blamingBundlesOn, T2lError } from '../contract/errors.ts';
import type { Catalog } from '../store/catalog.ts';
import type { HypernetFamily, HypernetVersion } from '../store/families.ts';
import type { RegistryEffects } from './register.ts';
import { requireTrusted } from './trust.ts';
import { refuseYanked } from './yank.ts';

/** Which version to activate: exactly one of version, digest and rollback is set. */
export interface Activation {
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
  readonly rollback?: true | undefined;
  /** The digest that must be active now, null for none; undefined: any may be. */
  readonly expected?: string | null | undefined;
  readonly reason?: string | undefined;
}

/** Makes a version the one that answers to a name. */
export async function activateVersion(
  name: string,
  activation: Activation,
  effects: RegistryEffects,
): Promise<void> {
  const { catalog, hypernets, now } = effects;
  let family = await familyOf(name, catalog);
  let version = wantedAndActive(family, activation);
  if (version === undefined) {
    requireExpected(family, activation);
    version = chosenVersion(family, activation);
  }
  refuseYanked(version, family.yanks);
  await requireAnswering(version, effects);
  for (;;) {
    const written = await hypernets.activate({
      name,
      digest: version.digest,
      from: family.activeDigest,
      seen: family.chosenDigest,
      reason: activation.reason ?? null,
      at: now(),
    });
    if (written) {
      return;
    }
    // Another activation came between, or this version was yanked.
    family = await expectedFamily(name, activation, catalog);
    refuseYanked(version, family.yanks);
  }
}

/**
 * A bundle that cannot be read any more, or that nobody signed who is trusted by now, must not become one
 * that answers.
 */
export async function requireAnswering(
  version: HypernetVersion,
  effects: RegistryEffects,
): Promise<void> {
  await blamingBundlesOn('caller', async () => {
    await requireTrusted(version, effects);
    await checkBundle(await effects.catalog.openAnew(version));
  });
}

/** The family of a name, if what is active in it is what the caller expects. */
export async function expectedFamily(
  name: string,
  activation: Pick<Activation, 'expected'>,
  catalog: Catalog,
): Promise<HypernetFamily> {
  const family = await familyOf(name, catalog);
  requireExpected(family, activation);
  return family;
}

async function familyOf(name: string, catalog: Catalog): Promise<HypernetFamily> {
  const family = await catalog.family(name);
  if (family === undefined) {
    throw noSuchVersion(name);
  }
  return family;
}

/**
 * The version that is wanted by its name or digest, if it is active already: whoever asks again, because the
 * answer was lost, expects what was active before.
 */
function wantedAndActive(
  { versions, activeDigest }: HypernetFamily,
  { version, digest }: Activation,
): HypernetVersion | undefined {
  const active = versions.find((one) => one.digest === activeDigest);
  return active !== undefined && (active.version === version || active.digest === digest)
    ? active
    : undefined;
}

function requireExpected(family: HypernetFamily, { expected }: Pick<Activation, 'expected'>): void {
  if (expected !== undefined && expected !== family.activeDigest) {
    throw new T2lError(
      'hypernet_not_expected',
      `${activeOf(family)}, where ${expected ?? 'no version'} is expected; look again, then expect what is active.`,
      { extra: { active: family.activeDigest } },
    );
  }
}

/** The version of a family that is meant. */
export function chosenVersion(
  { name, versions, previousDigest }: HypernetFamily,
  activation: Activation,
): HypernetVersion {
  if (activation.rollback && previousDigest === null) {
    throw new T2lError(
      'hypernet_no_previous',
      `${name} has had one active version only; activate one by version or digest.`,
    );
  }
  const digest = activation.rollback ? previousDigest : activation.digest;
  const version = versions.find((one) =>
    activation.version === undefined ? one.digest === digest : one.version === activation.version,
  );
  if (version === undefined) {
    throw noSuchVersion(name);
  }
  return version;
}

/** "t2l-mini has 4.2.0 active (digest)". */
function activeOf({ name, versions, activeDigest }: HypernetFamily): string {
  const active = versions.find(({ digest }) => digest === activeDigest);
  return active === undefined
    ? `${name} has no active version`
    : `${name} has ${active.version} active (${active.digest})`;
}

function noSuchVersion(name: string): T2lError {
  return new T2lError(
    'hypernet_unknown',
    `${name} has no such version; POST /v1/hypernets registers one.`,
  );
}
