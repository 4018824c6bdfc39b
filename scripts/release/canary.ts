/** The two ends of a canary: it becomes active, or it answers for nothing any more. */
import { T2lError } from '../../src/contract/errors.ts';
import type { HypernetDocument, Outcomes } from '../../src/sdk/index.ts';
import type { ReleaseTarget } from './target.ts';

/** Adapters that a canary must have made before it is known to work. */
const LEAST_MADE = 20;

/** Which canary to promote, and why. */
export interface Promotion {
  readonly name: string;
  readonly reason: string | undefined;
  /** Promote it although it made hardly any adapters, or failed more often than the active version. */
  readonly force: boolean;
}

/**
 * Makes the canary of a name the active version; gives which one that is.
 *
 * @throws T2lError `canary_missing`, or `canary_unproven` if what it did so far does not speak for it
 */
export async function promote(
  { name, reason, force }: Promotion,
  target: ReleaseTarget,
): Promise<string> {
  try {
    const { canary, active, versions } = await target.client.hypernet(name);
    if (canary === null) {
      throw new T2lError(
        'canary_missing',
        `${name} has no canary; npm run release -- DIR --canary PERCENT starts one.`,
      );
    }
    const { digest } = canary;
    if (!force) {
      requireProven(canary);
    }
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

function requireProven({
  outcomes,
  active_outcomes: active,
}: NonNullable<HypernetDocument['canary']>): void {
  const parts = `it made ${outcomes.made} adapters and failed at ${outcomes.failed}; the active version made ${active.made} and failed at ${active.failed}`;
  const more = shareFailed(outcomes) > shareFailed(active);
  if (outcomes.made < LEAST_MADE || more) {
    throw new T2lError(
      'canary_unproven',
      `The canary is to make ${LEAST_MADE} adapters first, and to fail no more often than the active version: ` +
        `${parts}. To promote it all the same, say --force --reason "why".`,
    );
  }
}

function shareFailed({ made, failed }: Outcomes): number {
  return failed === 0 ? 0 : failed / (made + failed);
}
