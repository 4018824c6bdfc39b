/**
 * `npm run bench -- --against DIR`: what a change costs. The endpoint of this checkout and that of
 * another one (a git worktree of the version before, with node_modules in it) run at the same time,
 * and every call is made to both in turn, first one of them first and then the other, so that a noisy
 * machine disturbs both alike. What counts is the ratio of a round's two times. First adapters come last, of
 * isolates of their own.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { median, progress, Refusal, table } from '../command.ts';
import { type Endpoint, startEndpoint } from '../endpoint.ts';
import { compareFirstAdapters, type Pairs } from './first-adapter.ts';
import { intervalOf } from './resample.ts';

/** A call under comparison, in milliseconds of both versions and as a ratio. */
export interface Comparison {
  readonly call: string;
  readonly rounds: number;
  readonly before_ms: number;
  readonly now_ms: number;
  /** Median of now / before, and its interval. */
  readonly ratio: number;
  readonly interval: readonly [low: number, high: number];
}

/** Reads are short: so many are timed as one. */
const READS = 8;

/** Of a document, as much as every version has: the SDK of this one may refuse that of another. */
interface Adapter {
  readonly id: string;
  readonly repository: string;
  readonly description: string;
  readonly files: Readonly<Record<string, { readonly sha256: string }>>;
}

type Call = (endpoint: Endpoint, adapter: Adapter, round: number) => Promise<unknown>;

const CALLS: Readonly<Record<string, Call>> = {
  'POST a new adapter': ({ origin }, _adapter, round) =>
    post(origin, `Sort the words, then number them from ${round}.`),
  'POST a known one': ({ origin }, { description }) => post(origin, description),
  'GET the document': ({ origin }, { id }) => read(`${origin}/v1/adapters/${id}`),
  'GET the weights': ({ origin }, { id }) => read(`${origin}/v1/adapters/${id}/${WEIGHTS_FILE}`),
  'GET them, known to the client': ({ origin }, { id, files }) =>
    read(`${origin}/v1/adapters/${id}/${WEIGHTS_FILE}`, {
      'if-none-match': `"${files[WEIGHTS_FILE]?.sha256}"`,
    }),
  'GET them as a hub client': ({ origin }, { repository }) =>
    read(`${origin}/${repository}/resolve/main/${WEIGHTS_FILE}`),
};

/** Compares this checkout with the one in a folder. */
export async function compareWith(folder: string, rounds: number): Promise<Comparison[]> {
  const before = resolve(folder);
  for (const part of ['wrangler.toml', 'node_modules']) {
    if (statSync(join(before, part), { throwIfNoEntry: false }) === undefined) {
      throw new Refusal(`--against must be a checkout with ${part} in it; ${before} has none.`);
    }
  }
  const found: Comparison[] = [];
  const endpoints: Endpoint[] = [];
  try {
    for (const root of [before, undefined]) {
      endpoints.push(await startEndpoint(root === undefined ? {} : { root }));
    }
    const [old, now] = endpoints as [Endpoint, Endpoint];
    const adapters = await Promise.all(endpoints.map(({ origin }) => warmAdapter(origin)));
    for (const [call, run] of Object.entries(CALLS)) {
      progress(`Comparing: ${call}`);
      const pairs: [number, number][] = [];
      for (let round = 0; round < rounds; round++) {
        const timed: [number, number] = [0, 0];
        for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
          const start = performance.now();
          const endpoint = (side === 0 ? old : now) as Endpoint;
          await run(endpoint, adapters[side] as Adapter, round);
          timed[side] = performance.now() - start;
        }
        pairs.push(timed);
      }
      found.push(summary(call, pairs));
    }
  } finally {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  }
  for (const [name, pairs] of await compareFirstAdapters(before, rounds)) {
    found.push(summary(`first adapter, ${name}`, pairs));
  }
  return found;
}

/** The comparisons as a table. */
export function comparisonTable(found: readonly Comparison[]): string {
  const rows = found.map(({ call, before_ms, now_ms, ratio, interval }) => [
    call,
    before_ms.toFixed(2),
    now_ms.toFixed(2),
    ratio.toFixed(3),
    interval.map((bound) => bound.toFixed(3)).join(' to '),
  ]);
  return table([['call', 'before', 'now', 'ratio', '95% of it'], ...rows], new Set([1, 2, 3, 4]));
}

function summary(call: string, pairs: Pairs): Comparison {
  const each = call.startsWith('GET') ? READS : 1;
  const ratios = pairs.map(([before, now]) => now / before);
  return {
    call,
    rounds: pairs.length,
    before_ms: median(pairs.map(([before]) => before)) / each,
    now_ms: median(pairs.map(([, now]) => now)) / each,
    ratio: median(ratios),
    interval: intervalOf(ratios),
  };
}

/** An adapter that is there, made and read often enough for the isolate to be warm. */
async function warmAdapter(origin: string): Promise<Adapter> {
  for (const description of ['Reverse the words, one.', 'Reverse the words, two.']) {
    await post(origin, description);
  }
  const adapter = await post(origin, 'Reverse the words.');
  await read(`${origin}/v1/adapters/${adapter.id}/${WEIGHTS_FILE}`);
  return adapter;
}

async function post(origin: string, description: string): Promise<Adapter> {
  const response = await fetch(`${origin}/v1/adapters`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ description }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(text);
  }
  return JSON.parse(text) as Adapter;
}

async function read(url: string, headers: Record<string, string> = {}): Promise<void> {
  for (let time = 0; time < READS; time++) {
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    if (response.status !== (headers['if-none-match'] === undefined ? 200 : 304)) {
      throw new Error(`${url} answers ${response.status}`);
    }
  }
}
