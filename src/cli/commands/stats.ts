/** `t2l stats`: what an endpoint did in the last days. The admin token is in T2L_TOKEN. */
import type { Stats } from '../../sdk/index.ts';
import { administer } from '../administer.ts';
import type { Context } from '../options.ts';
import { columns, pairs } from '../output.ts';

const DIGEST_SHOWN = 12;

/** Prints the counts, and how long the steps took. */
export async function stats(
  { days }: { readonly days: number | undefined },
  { options, output, signal }: Context,
): Promise<void> {
  const found = await administer('Statistics', options, (client) =>
    client.stats({ days }, { signal }),
  );
  output.result(found, () => linesOf(found));
}

function linesOf(found: Stats): string[] {
  const { from, to, adapters, remade, answers, problems, bytes, times, stored } = found;
  return [
    ...pairs([
      ['days', from === to ? from : `${from} to ${to}`],
      ['stored', `${stored.adapters} adapters, ${stored.bytes} bytes`],
      ['remade', String(remade)],
      ['sent', `${bytes} bytes`],
      ['answers', counts(answers)],
      ['problems', counts(problems)],
    ]),
    ...table(
      ['hypernetwork', 'made', 'known', 'failed'],
      adapters.map((one) => [
        one.hypernet.slice(0, DIGEST_SHOWN),
        ...[one.made, one.known, one.failed].map(String),
      ]),
    ),
    ...table(
      ['step', 'count', 'p50 ms', 'p90 ms', 'p99 ms'],
      Object.entries(times).map(([step, { count, p50, p90, p99 }]) => [
        step,
        ...[count, p50, p90, p99].map(String),
      ]),
    ),
  ];
}

function counts(named: Readonly<Record<string, number>>): string {
  const all = Object.entries(named).map(([name, count]) => `${count} x ${name}`);
  return all.length > 0 ? all.join(', ') : 'none';
}

/** A table with an empty line before it; nothing without rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length > 0 ? ['', ...columns([head, ...rows])] : [];
}
