/** Whether adapters of a hypernetwork can be had at a strength: not all kinds of output have others than 1. */
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { KIND_TITLES } from '../contract/output-kinds.ts';
import { outputOf } from '../output/kinds.ts';

/**
 * Lets pass what can be made.
 *
 * @throws T2lError `strength_unavailable`
 */
export function requireStrength(
  { name, version, target }: Pick<Manifest, 'name' | 'version' | 'target'>,
  strength: number,
): void {
  const { kind, oneStrength } = outputOf(target);
  if (oneStrength !== undefined && strength !== 1) {
    throw new T2lError(
      'strength_unavailable',
      `${name} ${version} writes ${KIND_TITLES[kind]} adapters, for strength 1 only, not ${strength}: ` +
        `${oneStrength}. Leave strength out.`,
    );
  }
}
