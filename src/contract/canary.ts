/**
 * Which descriptions a canary gets: a version that answers for a part of them before it is active. What
 * decides is a hash of the description in the form that its adapter's id has, so the same description gets
 * the same version for as long as the canary runs, and a larger part has all of the smaller one. The
 * canary's digest is hashed too: the next one is tried on others. The SDK decides by this as well, to know
 * ids beforehand.
 */
import { sha256Hex } from './adapter-id.ts';
import { recordedForm } from './description.ts';

/** A version and the percentage of descriptions that it answers for. */
export interface Canary {
  readonly digest: string;
  readonly percent: number;
}

const TAG = 't2l-canary/1';
/** Digits of the hash that are taken for a number. */
const DIGITS = 8;

/** Whether a canary answers for a description. */
export async function canaryAnswers(
  { digest, percent }: Canary,
  description: string,
): Promise<boolean> {
  const text = [TAG, digest, recordedForm(description)].join('\n');
  const hash = await sha256Hex(new TextEncoder().encode(text));
  const part = Number.parseInt(hash.slice(0, DIGITS), 16) / 16 ** DIGITS;
  return 100 * part < percent;
}
