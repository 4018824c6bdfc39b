/**
 * A canary: a version that answers for a part of the descriptions before it is active. Promoting it is
 * activating it; any activation ends it, since what it was compared with is active no longer. Requests
 * that name a version, or send an embedding, never get it.
 */
import { T2lError } from '../contract/errors.ts';
import { type Activation, chosenVersion, expectedFamily, requireAnswering } from './activate.ts';
import type { RegistryEffects } from './register.ts';
import { refuseYanked } from './yank.ts';

/** Which version, for how many: exactly one of version and digest is set. */
export interface CanaryWish extends Omit<Activation, 'rollback'> {
  readonly percent: number;
}

/** Lets a version answer for a part of the descriptions, in place of any other that does. */
export async function startCanary(
  name: string,
  wish: CanaryWish,
  effects: RegistryEffects,
): Promise<void> {
  const { catalog, hypernets, now } = effects;
  let family = await expectedFamily(name, wish, catalog);
  const version = chosenVersion(family, wish);
  const { digest } = version;
  refuseYanked(version, family.yanks);
  await requireAnswering(version, effects);
  for (;;) {
    const { activeDigest: from, chosenDigest: seen } = family;
    if (from === null) {
      throw new T2lError(
        'hypernet_inactive',
        `No version of ${name} is active that a canary could be compared with; activate one first.`,
      );
    }
    if (from === digest) {
      throw new T2lError(
        'hypernet_active',
        `${name}@${version.version} is active and answers for everything; take another version.`,
      );
    }
    const canary = { digest, percent: wish.percent };
    const reason = wish.reason ?? null;
    if (await hypernets.setCanary({ name, canary, from, seen, reason, at: now() })) {
      return;
    }
    // An activation came between, or this version was yanked.
    family = await expectedFamily(name, wish, catalog);
    refuseYanked(version, family.yanks);
  }
}

/** Which canary is to end, and why. */
export interface CanaryEnd {
  /** If another one runs by now, it goes on; left out, any ends. */
  readonly digest?: string;
  /** One line for the history. */
  readonly reason?: string | null;
}

/** Ends the canary of a name; where there is none, nothing is to be done. */
export async function endCanary(
  name: string,
  { catalog, hypernets, now }: Pick<RegistryEffects, 'catalog' | 'hypernets' | 'now'>,
  { digest, reason = null }: CanaryEnd = {},
): Promise<void> {
  for (;;) {
    const family = await expectedFamily(name, {}, catalog);
    const { canary, activeDigest: from, chosenDigest: seen } = family;
    if (canary === null || from === null || (digest !== undefined && digest !== canary.digest)) {
      return;
    }
    const ended = { digest: canary.digest, percent: 0 };
    if (await hypernets.setCanary({ name, canary: ended, from, seen, reason, at: now() })) {
      return;
    }
  }
}
