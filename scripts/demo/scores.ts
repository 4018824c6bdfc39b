/** How the demos write scores. */

/** The mean of some parts; NaN of none. */
export function mean(parts: readonly number[]): number {
  return parts.reduce((sum, one) => sum + one, 0) / parts.length;
}

/** A part as percent. */
export function percent(part: number): string {
  return `${(100 * part).toFixed(1)}%`;
}
