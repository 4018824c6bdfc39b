/**
 * `npm run bench -- reads`: what a read costs at the endpoint, as a share of what it costs a bare Worker that
 * does nothing else, in the same workerd over the same stores.
 *
 * Rounds: in each, every read is asked for at the endpoint and at its bare Worker, one right after the other,
 * in an order that is drawn anew, so that a noisy machine disturbs both alike. What counts is the ratio of a
 * round's two rates. Percentiles are of all requests of all rounds.
 */
import { CONFIG_FILE, WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { draw, median, progress, uniform } from '../command.ts';
import type { BareWorker } from './bare-workers.ts';
import { load, percentile, type Slice, type Target } from './load.ts';
import { type ReadsEndpoint, startReadsEndpoint } from './reads-endpoint.ts';
import { intervalOf } from './resample.ts';

/** What is required of a read. */
export interface Bar {
  /** Requests a second, as a share of the bare Worker's. */
  readonly rate: number;
  /** The 99th percentile of its time, in those of the bare Worker. */
  readonly p99: number;
}

/** How a side of a comparison did. */
export interface SideFigures {
  readonly rate: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** A read beside its bare Worker. */
export interface ReadComparison {
  readonly read: string;
  readonly bare: BareWorker;
  readonly endpoint_figures: SideFigures;
  readonly bare_figures: SideFigures;
  /** Median over rounds of the ratio of their rates, and its interval. */
  readonly rate_ratio: number;
  readonly interval: readonly [low: number, high: number];
  readonly p99_ratio: number;
  readonly bar?: Bar;
}

/** How to measure. */
export interface ReadsOptions {
  readonly rounds: number;
  /** How long one side of one read is asked in a round. */
  readonly sliceMs: number;
  readonly connections: number;
}

/** A read and what it is compared with. */
interface Read {
  readonly read: string;
  readonly bare: BareWorker;
  readonly endpoint: Target;
  readonly other: Target;
  readonly bar?: Bar;
}

const FILE_BAR: Bar = { rate: 0.8, p99: 2 };
const NOT_MODIFIED_BAR: Bar = { rate: 0.9, p99: 2 };
const COLD = { 'x-cold': '1' };
const HYPERNETS = ['t2l-mini', 't2l-smollm2'] as const;
const SEED = 1;
const WARM_UP_MS = 300;

/** Compares every read with its bare Worker. */
export async function measureReads(options: ReadsOptions): Promise<ReadComparison[]> {
  progress('Building and starting the Workers');
  const endpoint = await startReadsEndpoint();
  try {
    const reads = await readsOf(endpoint);
    const slices = reads.map(() => ({ endpoint: [] as Slice[], other: [] as Slice[] }));
    const next = uniform(SEED);
    for (let round = 0; round <= options.rounds; round++) {
      progress(round === 0 ? 'Warming up' : `Round ${round} of ${options.rounds}`);
      for (const place of draw([...reads.keys()], reads.length, round)) {
        const read = reads[place] as Read;
        for (const side of next() < 0.5 ? SIDES : [...SIDES].reverse()) {
          const ms = round === 0 ? WARM_UP_MS : options.sliceMs;
          const slice = await load(read[side], ms, options.connections);
          if (round > 0) {
            slices[place]?.[side].push(slice);
          }
        }
      }
    }
    return reads.map((read, place) => compared(read, slices[place] as Slices));
  } finally {
    await endpoint.close();
  }
}

const SIDES = ['endpoint', 'other'] as const;
type Slices = Readonly<Record<(typeof SIDES)[number], readonly Slice[]>>;

function compared({ read, bare, bar }: Read, slices: Slices): ReadComparison {
  const ratios = slices.endpoint.map((slice, round) => {
    const other = slices.other[round] as Slice;
    return rateOf([slice]) / rateOf([other]);
  });
  const [ours, theirs] = [figuresOf(slices.endpoint), figuresOf(slices.other)];
  return {
    read,
    bare,
    endpoint_figures: ours,
    bare_figures: theirs,
    rate_ratio: median(ratios),
    interval: intervalOf(ratios),
    p99_ratio: ours.p99_ms / theirs.p99_ms,
    ...(bar && { bar }),
  };
}

/** Requests a second. */
function rateOf(slices: readonly Slice[]): number {
  const [requests, seconds] = slices.reduce(
    ([count, time], one) => [count + one.latencies.length, time + one.seconds],
    [0, 0],
  );
  return requests / seconds;
}

function figuresOf(slices: readonly Slice[]): SideFigures {
  const all = slices.flatMap(({ latencies }) => latencies);
  return { rate: rateOf(slices), p50_ms: percentile(all, 0.5), p99_ms: percentile(all, 0.99) };
}

/** An adapter, as much of it as is asked for. */
interface Made {
  readonly id: string;
  readonly repository: string;
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

/** The reads of an adapter of every hypernetwork that ships. */
async function readsOf({ origins }: ReadsEndpoint): Promise<Read[]> {
  const [mini, smollm2] = await Promise.all(HYPERNETS.map((name) => make(origins.endpoint, name)));
  const small = mini as Made;
  return [
    ...filesOf('weights of t2l-mini', small, origins),
    ...filesOf('weights of t2l-smollm2', smollm2 as Made, origins),
    ...(await knownToTheClient(small, origins)),
    await documentOf(small, origins),
  ];
}

type Origins = ReadsEndpoint['origins'];

function filesOf(what: string, { id, repository, files }: Made, origins: Origins): Read[] {
  const { bytes = 0 } = files[WEIGHTS_FILE] ?? {};
  const key = `adapters/${id}/${WEIGHTS_FILE}`;
  const path = `/v1/${key}`;
  const expected = { status: 200, bytes };
  const r2 = { url: `${origins.r2}/${key}`, ...expected };
  const common = { bare: 'r2', other: r2 } as const;
  const hub = `/${repository}/resolve/main/${WEIGHTS_FILE}`;
  return [
    {
      read: what,
      endpoint: { url: origins.endpoint + path, ...expected },
      ...common,
      bar: FILE_BAR,
    },
    {
      read: `${what}, as a client of the Hub`,
      endpoint: { url: origins.endpoint + hub, ...expected },
      ...common,
      bar: FILE_BAR,
    },
    {
      read: `${what}, isolate new`,
      endpoint: { url: origins.endpoint + path, headers: COLD, ...expected },
      ...common,
    },
    {
      read: `${what}, isolate new, no Cache API`,
      endpoint: { url: origins.uncached + path, headers: COLD, ...expected },
      ...common,
    },
    {
      read: `${what}, a bare copy from the Cache API`,
      endpoint: { url: `${origins.cache}/${key}`, ...expected },
      ...common,
    },
  ];
}

async function knownToTheClient({ id, repository }: Made, origins: Origins): Promise<Read[]> {
  const paths = {
    'weights, 304': `/v1/adapters/${id}/${WEIGHTS_FILE}`,
    'config, 304, as a client of the Hub': `/${repository}/resolve/main/${CONFIG_FILE}`,
    'document, 304': `/v1/adapters/${id}`,
  };
  return Promise.all(
    Object.entries(paths).map(async ([read, path]) => {
      const url = origins.endpoint + path;
      const answer = await fetch(url);
      await answer.arrayBuffer();
      const headers = { 'if-none-match': answer.headers.get('etag') ?? '' };
      const expected = { headers, status: 304, bytes: 0 };
      const other = { url: `${origins['not-modified']}${path}`, ...expected };
      const bare = 'not-modified' as const;
      return { read, bare, endpoint: { url, ...expected }, other, bar: NOT_MODIFIED_BAR };
    }),
  );
}

async function documentOf({ id }: Made, origins: Origins): Promise<Read> {
  const [url, bare] = [`${origins.endpoint}/v1/adapters/${id}`, `${origins.d1}/${id}`];
  const [bytes, bareBytes] = await Promise.all([url, bare].map(lengthOf));
  return {
    read: 'document',
    bare: 'd1',
    endpoint: { url, status: 200, bytes: bytes ?? 0 },
    other: { url: bare, status: 200, bytes: bareBytes ?? 0 },
  };
}

async function lengthOf(url: string): Promise<number> {
  const answer = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  return (await answer.arrayBuffer()).byteLength;
}

async function make(origin: string, hypernet: string): Promise<Made> {
  const response = await fetch(`${origin}/v1/adapters`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ description: 'Reverse the order of the words.', hypernet }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(text);
  }
  return JSON.parse(text) as Made;
}
