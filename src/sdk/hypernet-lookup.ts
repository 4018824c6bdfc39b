/** Which version of which hypernetwork a request means, as the endpoint would choose it. */
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
