/** How counts become the document of what an endpoint did. */
import type * as z from 'zod';
import { BYTES_COUNT } from '../contract/counts.ts';
import type { statsSchema } from '../contract/documents/stats.ts';

type Stats = z.output<typeof statsSchema>;
type Counts = ReadonlyMap<string, number>;

/** The document of some days' counts, and of what is stored now. */
export function statsDocument(
  { from, to }: Pick<Stats, 'from' | 'to'>,
  counts: Counts,
  stored: Stats['stored'],
): Stats {
  return {
    from,
    to,
    adapters: adaptersOf(counts),
    remade: named(counts, 'ms:remake:').reduce((sum, [, count]) => sum + count, 0),
    answers: Object.fromEntries(named(counts, 'answer:')),
    problems: Object.fromEntries(named(counts, 'problem:')),
    bytes: counts.get(BYTES_COUNT) ?? 0,
    times: timesOf(counts),
    stored,
  };
}

function adaptersOf(counts: Counts): Stats['adapters'] {
  const found = new Map<string, Stats['adapters'][number]>();
  for (const what of ['made', 'known', 'failed'] as const) {
    for (const [hypernet, count] of named(counts, `${what}:`)) {
      const entry = found.get(hypernet) ?? { hypernet, made: 0, known: 0, failed: 0 };
      found.set(hypernet, { ...entry, [what]: count });
    }
  }
  return [...found.values()].sort((a, b) => (a.hypernet < b.hypernet ? -1 : 1));
}

function timesOf(counts: Counts): Stats['times'] {
  const buckets = new Map<string, [bound: number, count: number][]>();
  for (const [name, count] of named(counts, 'ms:')) {
    const [step = '', bound = ''] = name.split(':');
    buckets.set(step, [...(buckets.get(step) ?? []), [Number(bound), count]]);
  }
  return Object.fromEntries(
    [...buckets].map(([step, some]) => {
      const sorted = some.sort(([a], [b]) => a - b);
      const count = sorted.reduce((sum, [, one]) => sum + one, 0);
      const at = (part: number) => boundOf(sorted, part * count);
      return [step, { count, p50: at(0.5), p90: at(0.9), p99: at(0.99) }];
    }),
  );
}

/** The bound of the bucket in which the so-manyth smallest lies. */
function boundOf(sorted: readonly (readonly [number, number])[], rank: number): number {
  let sum = 0;
  for (const [bound, count] of sorted) {
    sum += count;
    if (sum >= rank) {
      return bound;
    }
  }
  return 0;
}

/** Counts whose names begin with a word, by the rest of them, in order. */
function named(counts: Counts, prefix: string): [string, number][] {
  return [...counts]
    .flatMap(([name, count]): [string, number][] =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), count]] : [],
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
