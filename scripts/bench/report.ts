/** What `npm run bench -- reads`, `-- traffic` and `-- step` measure, print and keep. */
import { Refusal, table } from '../command.ts';
import { measureReads } from './reads.ts';
import { keep, machine } from './results.ts';
import { readRows, trafficLine, trafficRows } from './results-page.ts';
import { measureStep, stepRatios, stepRows } from './step.ts';
import { measureTraffic } from './traffic.ts';

/** How the result is wanted. */
export interface ReportOptions {
  readonly json?: boolean;
  /** Whether the figures are kept, and docs/benchmarks.md is written. */
  readonly write?: boolean;
}

const CONNECTIONS = 8;
/** Short, so that both sides of a comparison are asked while the machine is in the same mood. */
const SLICE_MS = 150;
const TRAFFIC_CONNECTIONS = 16;
const CLOCK_MS = 5000;
/** Of what was wrong, so many are shown. */
const SHOWN = 20;

/** Compares the reads with bare Workers. */
export async function reportReads(rounds: number, options: ReportOptions): Promise<void> {
  const figures = await measureReads({ rounds, sliceMs: SLICE_MS, connections: CONNECTIONS });
  const text = `${table(readRows(figures), new Set([1, 3, 5, 6, 7]))}\n${rounds} rounds; ${machine()}.`;
  print(figures, text, options);
  if (options.write) {
    await keep('reads', `npm run bench -- reads --rounds ${rounds} --write`, figures);
  }
}

/**
 * Loads an endpoint with mixed traffic.
 *
 * @throws Refusal for wrong bytes and for errors that nothing explains
 */
export async function reportTraffic(minutes: number, options: ReportOptions): Promise<void> {
  const figures = await measureTraffic({
    seconds: minutes * 60,
    connections: TRAFFIC_CONNECTIONS,
    clockMs: CLOCK_MS,
  });
  const rows = table(trafficRows(figures), new Set([1, 2, 3, 4]));
  print(figures, `${rows}\n${trafficLine(figures)}\n${machine()}.`, options);
  if (options.write) {
    await keep('traffic', `npm run bench -- traffic --minutes ${minutes} --write`, figures);
  }
  const bad = [...figures.wrong, ...figures.unexplained];
  if (bad.length > 0) {
    throw new Refusal(
      `${figures.wrong.length} wrong, ${figures.unexplained.length} unexplained:\n${bad.slice(0, SHOWN).join('\n')}`,
    );
  }
}

/**
 * Compares a step of meta-training with the least that it could cost.
 *
 * @throws Refusal for a bar that is missed
 */
export async function reportStep(options: ReportOptions): Promise<void> {
  const figures = measureStep();
  const tables = [
    table(stepRows(figures), new Set([1, 2, 3, 4, 5])),
    table(stepRatios(figures), new Set([1, 2])),
  ];
  print(figures, `${tables.join('\n\n')}\n${machine()}.`, options);
  if (options.write) {
    await keep('step', 'npm run bench -- step --write', figures);
  }
  const missed = figures.bars.filter(({ met }) => !met);
  if (missed.length > 0) {
    throw new Refusal(
      missed.map(({ what, value }) => `${what}: ${value.toPrecision(3)}`).join('\n'),
    );
  }
}

function print(figures: unknown, text: string, { json }: ReportOptions): void {
  process.stdout.write(`${json ? JSON.stringify(figures, null, 2) : text}\n`);
}
