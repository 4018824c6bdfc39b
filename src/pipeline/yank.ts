/**
 * Yanking: a version that turned out bad is to make no new adapters and never to be active again. What it
 * made stays: those adapters are read, listed and made again from their rows as before, because their ids
 * were given out and name its digest. It is for good, as versions never change: what is right again gets
 * a new number.
 */
import { T2lError } from '../contract/errors.ts';
import type { HypernetVersion } from '../store/families.ts';
import type { YankRow } from '../store/schema.ts';
import type { RegistryEffects } from './register.ts';

/** Yanks a version of a name, or gives another reason for it. */
export async function yankVersion(
  name: string,
  wanted: string,
  reason: string,
  { catalog, hypernets, now }: Pick<RegistryEffects, 'catalog' | 'hypernets' | 'now'>,
): Promise<void> {
  for (;;) {
    const family = await catalog.family(name);
    const version = family?.versions.find((one) => one.version === wanted);
    if (family === undefined || version === undefined) {
      throw new T2lError(
        'hypernet_unknown',
        `There is no hypernetwork ${name}@${wanted}; GET /v1/hypernets lists them.`,
      );
    }
    const { digest } = version;
    if (digest === family.activeDigest) {
      throw new T2lError(
        'hypernet_active',
        `${name}@${wanted} is active, and a name must not answer with a yanked version; activate another one first.`,
      );
    }
    if (digest === family.canary?.digest) {
      throw new T2lError(
        'hypernet_active',
        `${name}@${wanted} answers for ${family.canary.percent} % as a canary; end that first: DELETE /v1/hypernets/${name}/canary.`,
      );
    }
    const row = { digest, name, reason, yankedAt: now() };
    if (await hypernets.addYank(row, family.chosenDigest)) {
      return;
    }
    // An activation or a canary came between: it may have been of this very version.
  }
}

/** Refuses a version that is among the yanked ones. */
export function refuseYanked(version: HypernetVersion, yanks: readonly YankRow[]): void {
  const yank = yanks.find(({ digest }) => digest === version.digest);
  if (yank !== undefined) {
    throw yanked(version, yank);
  }
}

/** The error of a version that is to make no new adapters. */
export function yanked(
  { name, version }: Pick<HypernetVersion, 'name' | 'version'>,
  { reason }: Pick<YankRow, 'reason'>,
): T2lError {
  return new T2lError(
    'hypernet_yanked',
    `${name}@${version} was yanked (${reason}); take another version, or ${name} for the active one.`,
    { extra: { reason } },
  );
}
