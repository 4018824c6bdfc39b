/**
 * Watching a canary: it is compared with the active version by how often making an adapter fails, and one
 * that fails much more often is ended without anybody being asked. What counts as a failure is the version's
 * own: a bundle that cannot be read or run, and weights that must not be used. A store, an encoder service or
 * a limit that says no tells nothing of a version, nor does a request that names one or sends a vector: anybody
 * can send a vector that no network was made for.
 */

import { sha256Hex } from '../contract/adapter-id.ts';
import { recordedForm } from '../contract/description.ts';
import { T2lError } from '../contract/errors.ts';
import { logLine } from '../contract/log.ts';
import type { HypernetVersion } from '../store/families.ts';
import { endCanary } from './canary.ts';
import type { RegistryEffects } from './register.ts';

/** Adapters that were made, and that could not be. */
export interface Outcomes {
  readonly made: number;
  readonly failed: number;
}

/** A canary is ended by no less than so many failures; */
const LEAST_FAILED = 5;
/** and its part of failures must be above this one and twice the active version's together. */
const TOLERATED = 0.05;
const TIMES_ACTIVE = 2;

/** Whether a canary fails so much more often than the active version that it is to end. */
export function failsTooOften(canary: Outcomes, active: Outcomes): boolean {
  return canary.failed >= LEAST_FAILED && share(canary) > TOLERATED + TIMES_ACTIVE * share(active);
}

/**
 * Notes an outcome, and ends the canary that it was one of if that fails too often.
 *
 * @param description what was asked for
 */
export async function watchCanary(
  { name, digest }: Pick<HypernetVersion, 'name' | 'digest'>,
  description: string,
  failed: boolean,
  effects: Pick<RegistryEffects, 'catalog' | 'hypernets' | 'now'>,
): Promise<void> {
  const { hypernets } = effects;
  const key = await sha256Hex(new TextEncoder().encode(recordedForm(description)));
  await hypernets.noteOutcome(name, digest, key, failed);
  if (!failed) {
    return;
  }
  const channel = await hypernets.channel(name);
  if (channel?.canaryDigest !== digest) {
    return;
  }
  const rows = await hypernets.outcomes(name);
  const of = (wanted: string): Outcomes =>
    rows.find((row) => row.digest === wanted) ?? { made: 0, failed: 0 };
  const [canary, active] = [of(digest), of(channel.activeDigest)];
  if (failsTooOften(canary, active)) {
    const reason = `Ended by itself: ${inWords(canary)} failed, of the active version ${inWords(active)}.`;
    logLine('error', 'canary ended', { hypernet: name, digest, reason });
    await endCanary(name, effects, { digest, reason });
  }
}

/** "5 of 9 adapters". */
function inWords({ made, failed }: Outcomes): string {
  return `${failed} of ${made + failed} adapters`;
}

function share({ made, failed }: Outcomes): number {
  return failed === 0 ? 0 : failed / (made + failed);
}

/** Whether a failure is the version's. One that nobody foresaw is, until the active one has it as often. */
export function isOfVersion(error: unknown): boolean {
  return !(error instanceof T2lError) || error.code === 'adapter_out_of_range' || isOfBundle(error);
}

function isOfBundle(error: unknown): boolean {
  return error instanceof T2lError && error.code.startsWith('bundle_');
}
