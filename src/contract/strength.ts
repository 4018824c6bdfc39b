/**
 * The strengths there are: the multiples of 0.05. An adapter id hashes a strength as JavaScript prints
 * it, so a multiple is the quotient of two whole numbers, which is the number nearest to it: 0.3, and
 * never the 0.30000000000000004 of a sum.
 */
import { STRENGTH_STEPS_A_UNIT } from './limits.ts';

/** The nearest strength; halves go away from 0, so that a strength and its opposite stay opposites. */
export function roundStrength(value: number): number {
  const size = Math.round(Math.abs(value) * STRENGTH_STEPS_A_UNIT) / STRENGTH_STEPS_A_UNIT;
  return value < 0 && size > 0 ? -size : size;
}
