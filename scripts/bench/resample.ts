/** How sure a median is: its interval over resamples, the same for the same values. */
import { median, uniform } from '../command.ts';

const RESAMPLES = 2000;
const LEVEL = 0.95;

/** The interval that holds the median in 95 of 100 resamples. */
export function intervalOf(values: readonly number[]): [low: number, high: number] {
  const next = uniform(1);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(next() * values.length)] as number)),
  ).sort((a, b) => a - b);
  const at = (share: number) => medians[Math.floor(share * (RESAMPLES - 1))] as number;
  return [at((1 - LEVEL) / 2), at((1 + LEVEL) / 2)];
}
