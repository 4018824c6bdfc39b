/**
 * What Cloudflare bills, without what a plan includes. Prices as its pages had them in August 2026 (Workers,
 * R2 and D1, each under /platform/pricing).
 */

/** Dollars for a million of each, and for a gigabyte and month. */
export const PRICES = {
  requests: 0.3,
  cpuMilliseconds: 0.02,
  r2Writes: 4.5,
  r2Reads: 0.36,
  r2GigabyteMonth: 0.015,
  d1RowsWritten: 1,
  d1RowsRead: 0.001,
  d1GigabyteMonth: 0.75,
} as const;

/** Files of an adapter in R2. */
export const PUTS = 2;
/**
 * Rows of D1 that making an adapter writes, entries of indexes too: of the adapter, its use, the day's count
 * (test/scripts/rows-written.worker.test.ts).
 */
export const ROWS = { adapter: 7, use: 3, quota: 2 } as const;
export const ROWS_OF_ONE = ROWS.adapter + ROWS.use + ROWS.quota;

const MILLION = 1_000_000;
const GIGABYTE = 1_000_000_000;

/** What is used of something that is billed by the million. */
export function costOf(
  what: Exclude<keyof typeof PRICES, `${string}Month`>,
  times: number,
): number {
  return (times * PRICES[what]) / MILLION;
}

/** What keeping bytes costs in a month. */
export function monthOf(what: 'r2GigabyteMonth' | 'd1GigabyteMonth', bytes: number): number {
  return (bytes * PRICES[what]) / GIGABYTE;
}

/** With as many digits as tell something. */
export function dollars(amount: number): string {
  return `$${amount < 0.01 ? Number(amount.toPrecision(2)).toFixed(8).replace(/0+$/, '').replace(/\.$/, '') : amount.toFixed(2)}`;
}
