/** The two ends of a canary: it becomes active, or it answers for nothing any more. */
import { T2lError } from '../../src/contract/errors.ts';
import type { ReleaseTarget } from './target.ts';

/** Which canary to promote, and why. */
export interface Promotion {
  readonly name: string;
  readonly reason: string | undefined;
}

/** Makes the canary of a name the active version; gives which one that is. */
export async function promote({ name, reason }: Promotion, target: ReleaseTarget): Promise<string> {
  try {
    const { canary, active, versions } = await target.client.hypernet(name);
    if (canary === null) {
      throw new T2lError(
        'canary_missing',
        `${name} has no canary; npm run release -- DIR --canary PERCENT starts one.`,
      );
    }
    const { digest } = canary;
    await target.client.activate(name, { digest, expected: active, reason });
    return versions.find((one) => one.digest === digest)?.version ?? digest;
  } finally {
    await target.close();
  }
}

/** Ends the canary of a name, if there is one. */
export async function abortCanary(name: string, target: ReleaseTarget): Promise<void> {
  try {
    await target.client.endCanary(name);
  } finally {
    await target.close();
  }
}
