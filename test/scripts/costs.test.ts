/** What a million adapters cost is measured, multiplied by the prices, and written as a table. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { costOf, dollars, monthOf } from '../../scripts/costs/prices.ts';
import { ROOT } from '../../scripts/environment.ts';

const run = promisify(execFile);

test('every network that ships has a column, whose sums are those of its parts', async () => {
  const script = join(ROOT, 'scripts/costs.ts');
  const args = [script, '--adapters', '2', '--reads', '3'];
  const { stdout } = await run(process.execPath, args, { timeout: 240_000 });
  const rows = stdout
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| ?| ?\|$/g, '')));
  expect(rows[0]).toEqual(['', 't2l-mini', 't2l-smollm2']);
  function amounts(from: string, count: number): number[][] {
    const at = rows.findIndex(([label]) => label === from);
    return [1, 2].map((column) =>
      rows.slice(at, at + count).map((row) => Number(String(row[column]).replace('$', ''))),
    );
  }
  for (const [from, count] of [
    ['**a million adapters**', 5],
    ['**and each month that they are kept**', 3],
    ['**a billion reads of files**', 4],
  ] as const) {
    for (const [sum = 0, ...parts] of amounts(from, count)) {
      expect(sum).toBeGreaterThan(0);
      expect(Math.abs(parts.reduce((all, one) => all + one, 0) - sum)).toBeLessThan(0.03);
    }
  }
  const [[mini = 0, rowBytes = 0] = []] = amounts('one adapter: files in R2, kB', 2);
  expect(mini).toBeCloseTo(77.3, 0);
  expect(rowBytes).toBeGreaterThan(0);
});

test('prices are for a million, and for a gigabyte and month', () => {
  expect(costOf('requests', 2_000_000)).toBeCloseTo(0.6);
  expect(costOf('r2Reads', 1_000_000_000)).toBeCloseTo(360);
  expect(monthOf('d1GigabyteMonth', 10_000_000_000)).toBeCloseTo(7.5);
  expect([0.00065, 0.3, 12].map(dollars)).toEqual(['$0.00065', '$0.30', '$12.00']);
});
