/** What making the adapters of a catalog costs on Cloudflare. */
import { costOf, dollars, monthOf, PUTS, ROWS_OF_ONE } from '../costs/prices.ts';

/** Lines for a person; computing depends on the network, so it is only said how it is billed. */
export function costLines(
  adapters: number,
  batches: number,
  bytesEach: number | undefined,
): string[] {
  const [puts, rows] = [adapters * PUTS, adapters * ROWS_OF_ONE];
  const once =
    costOf('r2Writes', puts) + costOf('d1RowsWritten', rows) + costOf('requests', batches);
  const bytes = bytesEach === undefined ? undefined : adapters * bytesEach;
  return [
    `on Cloudflare  ${dollars(once)} once: ${puts} writes to R2, ${rows} rows of D1, ${batches} requests`,
    bytes === undefined
      ? '               $0.015 a GB and month of files, whose size the first adapter tells'
      : `               ${dollars(monthOf('r2GigabyteMonth', bytes))} a month for ${(bytes / 1e9).toFixed(3)} GB of files`,
    '               $0.02 a million milliseconds of computing, of which npm run costs measures what one takes',
  ];
}
