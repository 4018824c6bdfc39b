/** Which version of which hypernetwork a request means, as the endpoint would choose it. */
import { canaryAnswers } from '../contract/canary.ts';
import { normaliseDescription } from '../contract/description.ts';
import { T2lError } from '../contract/errors.ts';
import type { HypernetList, HypernetVersion } from './documents.ts';

/**
 * The version that a reference names.
 *
 * @param reference a name, `name@version` or a digest; undefined for the default
 */
export function findVersion(list: HypernetList, reference: string | undefined): HypernetVersion {
  const named = reference ?? list.default;
  const byDigest = list.hypernets
    .flatMap(({ versions }) => versions)
    .find(({ digest }) => digest === named);
  if (byDigest !== undefined) {
    return byDigest;
  }
  const [name, version] = named.split('@');
  const hypernet = list.hypernets.find((one) => one.name === name);
  const found = hypernet?.versions.find((one) =>
    version === undefined ? one.digest === hypernet.active : one.version === version,
  );
  if (found === undefined) {
    throw hypernet !== undefined && version === undefined
      ? new T2lError('hypernet_inactive', `${name} has no active version; name one.`)
      : new T2lError('hypernet_unknown', `The endpoint has no hypernetwork ${named}.`);
  }
  return found;
}

/** The same for a request with this description: a name's canary answers for some. */
export async function findAnswering(
  list: HypernetList,
  reference: string | undefined,
  description: string | undefined,
): Promise<HypernetVersion> {
  const name = reference ?? list.default;
  const canary = list.hypernets.find((one) => one.name === name)?.canary ?? null;
  const tried =
    canary !== null &&
    description !== undefined &&
    (await canaryAnswers(canary, normaliseDescription(description)));
  return findVersion(list, tried ? canary.digest : reference);
}

/** The same, of a version that is to make adapters here and not at the endpoint, which would refuse too. */
export function findMaker(list: HypernetList, reference: string | undefined): HypernetVersion {
  const found = findVersion(list, reference);
  if (found.yanked !== null) {
    const { reason } = found.yanked;
    throw new T2lError(
      'hypernet_yanked',
      `Version ${found.version} was yanked (${reason}); take another one, or the name alone for the active one.`,
      { extra: { reason } },
    );
  }
  return found;
}
