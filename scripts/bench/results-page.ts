/** docs/benchmarks.md: what was measured of reads, of traffic and of a training step, in tables. */
import type { ReadComparison } from './reads.ts';
import type { Measured, Results } from './results.ts';
import { type StepFigures, stepRatios, stepRows } from './step.ts';
import type { TrafficFigures } from './traffic.ts';

const HEAD = `# Benchmarks

Written by the command below, which takes twenty minutes and wants the machine for itself; no number in it was typed.
What making an adapter costs is in [operations.md](operations.md#what-it-costs).

\`\`\`sh
npm run bench -- reads traffic step --write
\`\`\`
`;

const BARE: Readonly<Record<ReadComparison['bare'], string>> = {
  r2: '`bucket.get`',
  cache: '`cache.match`',
  'not-modified': '304 at once',
  d1: '`SELECT` of the row',
};

/** The page, of what was measured so far. */
export function benchmarksPage({ reads, traffic, step }: Partial<Results>): string {
  return [
    HEAD,
    ...(reads ? [readsSection(reads)] : []),
    ...(traffic ? [trafficSection(traffic)] : []),
    ...(step ? [stepSection(step)] : []),
  ].join('\n');
}

/** Whether a read meets its bar; undefined where there is none. */
export function isMet({ bar, rate_ratio, p99_ratio }: ReadComparison): boolean | undefined {
  return bar && rate_ratio >= bar.rate && p99_ratio <= bar.p99;
}

/** The reads as rows of cells, the head first. */
export function readRows(figures: readonly ReadComparison[]): string[][] {
  const head = [
    'read',
    'requests/s',
    'bare Worker',
    'its requests/s',
    'share of it (95%)',
    'p99, ms',
    'its p99',
    'ratio',
    'bar',
  ];
  return [
    head,
    ...figures.map((one) => [
      one.read,
      one.endpoint_figures.rate.toFixed(0),
      BARE[one.bare],
      one.bare_figures.rate.toFixed(0),
      `${one.rate_ratio.toFixed(2)} (${one.interval.map((bound) => bound.toFixed(2)).join(' to ')})`,
      one.endpoint_figures.p99_ms.toFixed(1),
      one.bare_figures.p99_ms.toFixed(1),
      one.p99_ratio.toFixed(2),
      one.bar ? `${one.bar.rate}, ${one.bar.p99}: ${isMet(one) ? 'met' : 'missed'}` : '–',
    ]),
  ];
}

/** The traffic as rows of cells, the head first. */
export function trafficRows({ kinds }: TrafficFigures): string[][] {
  return [
    ['request', 'count', 'p50, ms', 'p95, ms', 'p99, ms', 'answers'],
    ...kinds.map((one) => [
      one.kind,
      String(one.requests),
      one.p50_ms.toFixed(1),
      one.p95_ms.toFixed(1),
      one.p99_ms.toFixed(1),
      Object.entries(one.answers)
        .map(([answer, count]) => `${answer}: ${count}`)
        .join(', '),
    ]),
  ];
}

/** What came of the traffic, in a line. */
export function trafficLine(figures: TrafficFigures): string {
  const { start, half, most, end } = figures.memory_bytes;
  const megabytes = [start, half, most, end].map((bytes) => (bytes / 1e6).toFixed(0));
  return (
    `${figures.requests} requests in ${figures.seconds.toFixed(0)} s over ${figures.connections} connections, ` +
    `${figures.requests_per_second.toFixed(0)} a second: ${figures.wrong.length} with wrong bytes, ` +
    `${figures.unexplained.length} errors without a reason. ${figures.adapters_made} adapters were made and ` +
    `${figures.adapters_removed} removed, the clock ran ${figures.clock_runs} times. workerd held ` +
    `${megabytes[0]} MB when the traffic began, ${megabytes[1]} MB after half of it, ${megabytes[2]} MB at most and ` +
    `${megabytes[3]} MB at its end, its R2, D1 and cache included, which are Workers of miniflare's.`
  );
}

function readsSection(measured: Measured<readonly ReadComparison[]>): string {
  return `## Reads

The endpoint beside Workers that do nothing but the one thing (\`scripts/bench/bare-workers.ts\`), in one workerd over
the same stores, asked in turn in an order that is drawn anew in every round. A bar is the least share of the bare
Worker's requests a second (median of the rounds, with its 95% interval over resampled rounds), and the most its 99th
percentile may be multiplied by. *Isolate new*: it has forgotten all adapters before every request. *No Cache API*: as
below workers.dev; every read then comes from R2 and is hashed.

${markdown(readRows(measured.figures), [1, 3, 5, 6, 7])}

${signature(measured)}
`;
}

function trafficSection(measured: Measured<TrafficFigures>): string {
  return `## Traffic

Nine reads to a write, each connection asking again as soon as it has its answer, while the clock evicts what is over a
budget of some fifty adapters, and a second version of t2l-mini is registered, answers as a canary, is promoted and
taken back. Every body is compared with what was known of the adapter from the first. A 404 has a reason if the adapter
is being removed, a 503 if it says when to come back; anything else would be an error.

${trafficLine(measured.figures)}

${markdown(trafficRows(measured.figures), [1, 2, 3, 4])}

Making an adapter takes the only thread of the isolate for some tens of milliseconds, and what is asked meanwhile waits:
that, and not the reads themselves, is what the times show.

${signature(measured)}
`;
}

function stepSection(measured: Measured<StepFigures>): string {
  const { figures } = measured;
  return `## A step of meta-training

\`python -m t2l bench\` takes three kinds of step in turns over the same tokens, with random weights:

* \`floor\`: the frozen base model forward, and backward to its inputs, without adapters. Whatever trains through it
  has to do about that; the floor also goes back through the first layer's queries, keys and values, where adapters
  need only what lies behind them.
* \`ours\`: a whole step. The hypernetwork makes an adapter for each task, one batched product a layer applies them,
  logits are computed at the places of answers only, and the optimizers step.
* \`repetition\`: the same step with A and B repeated for every token, as the reference implementation of Text-to-LoRA
  applies them; a test compares its outputs and gradients with ours.

Medians with their 95% intervals; *kept* is what the backward pass needs, base model and hypernetwork not counted, and
ratios are taken inside each round. ${figures.sizes.layers} layers of width ${figures.sizes.hidden} in ${figures.precision}, ${figures.tokens} tokens a step, ${figures.answers} of
them answers.

${markdown(stepRows(figures), [1, 2, 3, 4, 5])}

${markdown(stepRatios(figures), [1, 2])}

${figures.bars.map(({ what, value, met }) => `* ${what}: ${value.toPrecision(3)}, ${met ? 'met' : 'missed'}`).join('\n')}

A part of what is above the floor is the optimizers, whose cost does not grow with the tokens of a step or the depth of
its base model. On a GPU the bar is 40% of its peak, with \`--target mistral-7b\`; that was not measured yet.

${signature(measured)}
`;
}

function signature({ command, machine, commit, day }: Measured<unknown>): string {
  return `Measured by \`${command}\` on ${machine}, commit ${commit}, ${day}.`;
}

function markdown(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const [head = [], ...body] = rows;
  const rule = head.map((_, column) => (right.includes(column) ? '---:' : '---'));
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
