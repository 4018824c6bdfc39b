/**
 * What a strength leaves of an adapter. A fit is found at strength 1; at another one adapters get less
 * right, and how much less was measured at some strengths. Between two of them the factor lies on a
 * line, beyond the first and the last it stays theirs.
 */
import type { StrengthTable } from '../../bundle/fit-spec.ts';

/** The share of exact match that is left at a strength; undefined: it was not measured. */
export function factorAt(table: StrengthTable | undefined, strength: number): number | undefined {
  if (strength === 1) {
    return 1;
  }
  const above = table?.findIndex((row) => row.strength >= strength) ?? -1;
  const [low, high] = [table?.[above - 1], table?.[above]];
  if (high === undefined) {
    return table?.at(-1)?.factor;
  }
  if (low === undefined) {
    return high.factor;
  }
  const share = (strength - low.strength) / (high.strength - low.strength);
  return low.factor + share * (high.factor - low.factor);
}
