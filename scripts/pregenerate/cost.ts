/**
 * What making adapters on Cloudflare costs, without what the plan includes. Prices as Cloudflare's pages had
 * them in August 2026 (Workers, R2 and D1, each under /platform/pricing).
 */

/** Dollars. */
const PRICES = { putsMillion: 4.5, rowsMillion: 1, requestsMillion: 0.3, gigabyteMonth: 0.015 };
const MILLION = 1_000_000;
const GIGABYTE = 1_000_000_000;

/** Files of an adapter in R2. */
const PUTS = 2;
/**
 * Rows of D1 that an adapter writes, with their indexes: 6 of the adapter, 2 of its use, 1 of the day's count.
 */
const ROWS = 9;

/** Lines for a person; computing depends on the network, so it is only said how it is billed. */
export function costOf(adapters: number, batches: number, bytesEach: number | undefined): string[] {
  const once =
    (adapters * PUTS * PRICES.putsMillion +
      adapters * ROWS * PRICES.rowsMillion +
      batches * PRICES.requestsMillion) /
    MILLION;
  const stored = bytesEach === undefined ? undefined : (adapters * bytesEach) / GIGABYTE;
  return [
    `on Cloudflare  ${dollars(once)} once: ${adapters * PUTS} writes to R2, ${adapters * ROWS} rows of D1, ${batches} requests`,
    stored === undefined
      ? '               $0.015 a GB and month of files, whose size the first adapter tells'
      : `               ${dollars(stored * PRICES.gigabyteMonth)} a month for ${stored.toFixed(3)} GB of files`,
    '               $0.02 a million milliseconds of computing, of which npm run bench has what each step takes',
  ];
}

/** With as many digits as tell something. */
function dollars(amount: number): string {
  return `$${amount < 1 ? Number(amount.toPrecision(2)).toFixed(8).replace(/0+$/, '').replace(/\.$/, '') : amount.toFixed(2)}`;
}
