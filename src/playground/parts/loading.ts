/** How far the loading of a base model is, in words. */
import type { Loading } from '../answers/protocol.ts';

const MEGABYTE = 1e6;

/** A line for the person who waits. */
export function loadingText({ step, loaded, total }: Loading): string {
  return step === 'opening'
    ? `Opening the base model: ${Math.floor((100 * loaded) / total)} %.`
    : `Fetching the base model: ${(loaded / MEGABYTE).toFixed(1)} of ${megabytes(total, 1)}.`;
}

/** A size in megabytes. */
export function megabytes(bytes: number, digits = 0): string {
  return `${(bytes / MEGABYTE).toFixed(digits)} MB`;
}
