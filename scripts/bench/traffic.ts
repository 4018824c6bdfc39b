/**
 * `npm run bench -- traffic`: mixed traffic as fast as the machine answers it, nine reads to a write, while the
 * endpoint evicts what is over its budget by its clock and a release goes on. Every answer is compared with
 * what is known of the adapter since it was made, and every failure needs a reason.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { progress, uniform } from '../command.ts';
import { clientOf } from './traffic/client.ts';
import { Known } from './traffic/known.ts';
import { readSomething } from './traffic/reads.ts';
import { releaseMeanwhile } from './traffic/release.ts';
import { type KindFigures, Tally } from './traffic/tally.ts';
import { makeNew, type Writing, writeSomething } from './traffic/writes.ts';
import { startTrafficEndpoint, type TrafficEndpoint } from './traffic-endpoint.ts';

/** How to load it. */
export interface TrafficOptions {
  readonly seconds: number;
  readonly connections: number;
  /** How often the clock of the Worker strikes. */
  readonly clockMs: number;
}

/** What came of it. */
export interface TrafficFigures {
  readonly seconds: number;
  readonly connections: number;
  readonly requests: number;
  readonly requests_per_second: number;
  readonly kinds: readonly KindFigures[];
  readonly wrong: readonly string[];
  readonly unexplained: readonly string[];
  readonly clock_runs: number;
  readonly adapters_made: number;
  readonly adapters_removed: number;
  /** Bytes that workerd held. */
  readonly memory_bytes: {
    readonly start: number;
    readonly half: number;
    readonly most: number;
    readonly end: number;
  };
}

const ADMIN_TOKEN = 'traffic';
/** Some fifty adapters of t2l-mini. */
const STORED_BYTES = 4_000_000;
const READ_SHARE = 0.9;
const FIRST_ADAPTERS = 30;
const TOLD_EVERY_MS = 30_000;

/** Loads an endpoint for a while. */
export async function measureTraffic(options: TrafficOptions): Promise<TrafficFigures> {
  progress('Building and starting the endpoint');
  const endpoint = await startTrafficEndpoint({ ADMIN_TOKEN, STORED_BYTES: String(STORED_BYTES) });
  // One connection more for the release.
  const client = clientOf(endpoint.origin, options.connections + 1);
  try {
    return await loaded(endpoint, client, options);
  } finally {
    client.close();
    await endpoint.close();
  }
}

async function loaded(
  endpoint: TrafficEndpoint,
  client: Writing['client'],
  { seconds, connections, clockMs }: TrafficOptions,
): Promise<TrafficFigures> {
  const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const [known, tally] = [new Known(), new Tally()];
  const first = { client, known, tally: new Tally(), draw: uniform(0), admin };
  for (let made = 0; made < FIRST_ADAPTERS; made++) {
    await makeNew(first);
  }
  const memory = [await endpoint.memory()];
  const [began, ms] = [performance.now(), seconds * 1000];
  const isOn = () => performance.now() < began + ms;
  const work = Array.from({ length: connections }, async (_, worker) => {
    const draw = uniform(worker + 1);
    while (isOn()) {
      await (draw() < READ_SHARE
        ? readSomething(client, known, tally, draw)
        : writeSomething({ client, known, tally, draw, admin })
      ).catch((error: unknown) => {
        tally.unexplained.push(`no answer: ${error}`);
      });
    }
  });
  let clock = 0;
  async function strike(): Promise<void> {
    while (isOn()) {
      await sleep(Math.min(clockMs, began + ms - performance.now()));
      const outcome = await endpoint.scheduled();
      clock++;
      if (outcome !== 'ok') {
        tally.unexplained.push(`the clock: ${outcome}`);
      }
      memory.push(await endpoint.memory());
    }
  }
  async function tell(): Promise<void> {
    while (isOn()) {
      await sleep(Math.min(TOLD_EVERY_MS, began + ms - performance.now()));
      const { requests, wrong, unexplained } = tally;
      progress(`${requests} requests, ${wrong.length} wrong, ${unexplained.length} unexplained`);
    }
  }
  const release = releaseMeanwhile(endpoint, { client, tally, admin }, ms);
  await Promise.all([...work, strike(), tell(), release]);
  const took = (performance.now() - began) / 1000;
  memory.push(await endpoint.memory());
  return {
    seconds: took,
    connections,
    requests: tally.requests,
    requests_per_second: tally.requests / took,
    kinds: tally.figures(),
    wrong: [...tally.wrong, ...known.changed.map((id) => `the document of ${id} has other files`)],
    unexplained: tally.unexplained,
    clock_runs: clock,
    adapters_made: known.made,
    adapters_removed: known.gone.length,
    memory_bytes: {
      start: memory[0] ?? 0,
      half: memory[Math.floor(memory.length / 2)] ?? 0,
      most: Math.max(...memory),
      end: memory.at(-1) ?? 0,
    },
  };
}
