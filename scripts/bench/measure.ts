/**
 * Measures the making of adapters by one bundle at one precision, in a workerd of its own.
 *
 * Its own, because a WASM heap never shrinks: what another bundle needed must not be counted here.
 */
import { z } from 'zod';
import { graphFiles } from '../../src/bundle/manifest-rules.ts';
import { type AdapterDocument, createClient, type T2lClient } from '../../src/sdk/index.ts';
import { median, uniform } from '../command.ts';
import { serveFiles } from '../release/file-server.ts';
import type { BundleFolder } from '../release/folder.ts';
import { barePut } from './bare-put.ts';
import { startBenchEndpoint } from './endpoint.ts';
import { type HeapSampler, sampleHeap } from './heap.ts';
import { parseServerTiming } from './server-timing.ts';

/** Steps in the order in which they happen, as Server-Timing names them. */
export const STEPS = ['encode', 'run', 'pack', 'hash', 'store'] as const;

/** The first adapters pay for loading the graphs and for V8 compiling what is hot. */
const WARM_UP = 2;
/** Adapters that are made for the inspector alone, with pauses in which it can answer. */
const MEMORY_RUNS = 2;
const PAUSE_MS = 10;
/** How far the Worker's clock may be from Node's, which also sees the request itself. */
const SPIN_MS = 200;
const SPIN_MAX_MS = 400;

/** Milliseconds are medians over the runs. */
export interface Measurement {
  readonly bundle: string;
  readonly precision: 'float32' | 'int8';
  readonly runs: number;
  readonly steps: Readonly<Record<(typeof STEPS)[number], number>>;
  /** Of `store`, what R2 alone takes for the same bytes with the same checksums, measured in turn with it. */
  readonly bare_put: number;
  /** The whole request, as the Worker sees it. */
  readonly total: number;
  /** The first request, with the loading of everything. */
  readonly first: number;
  /** WASM memory, which never shrinks. */
  readonly wasm_bytes: number;
  /** JavaScript heap and array buffers at their largest sum. */
  readonly heap_bytes: number;
  /** How often the inspector said what they are. */
  readonly heap_samples: number;
  /** WASM memory and the largest sum: what an isolate needs of its 128 MB. */
  readonly peak_bytes: number;
  readonly graph_bytes: number;
  /** Files that the graph lies in. */
  readonly parts: number;
  readonly adapter_bytes: number;
}

/** What to measure. */
export interface MeasureOptions {
  readonly folder: BundleFolder;
  readonly precision: 'float32' | 'int8';
  readonly runs: number;
}

/** Makes adapters from inputs that differ, so that each of them is really made. */
export async function measure({ folder, precision, runs }: MeasureOptions): Promise<Measurement> {
  const { name, version, digest, manifest } = folder;
  const adminToken = 'bench';
  const endpoint = await startBenchEndpoint(adminToken);
  let sampler: HeapSampler | undefined;
  try {
    await checkClock(endpoint.origin);
    const client = measuredClient(endpoint.origin, adminToken);
    const { hypernets } = await client.hypernets();
    const known = hypernets.find((one) => one.name === name);
    if (!known?.versions.some((one) => one.digest === digest)) {
      await upload(endpoint.origin, folder);
      await client.register({ name, version, digest });
    }
    sampler = await sampleHeap(endpoint.inspector);
    const { origin, barePutOrigin } = endpoint;
    const made: Made[] = [];
    for (let count = 0; count < WARM_UP + runs; count++) {
      const one = await makeAdapter(client, { hypernet: digest, manifest, precision }, count);
      made.push({ ...one, put: await barePut(barePutOrigin, one.adapter.id) });
    }
    await pauseReads(origin);
    for (let count = 0; count < MEMORY_RUNS; count++) {
      await makeAdapter(client, { hypernet: digest, manifest, precision }, made.length + count);
    }
    const warm = made.slice(WARM_UP).map(({ timing }) => timing);
    const middle = (step: string) => median(warm.map((timing) => timing.get(step) ?? Number.NaN));
    const wasm = await wasmBytes(endpoint.origin);
    const heap = sampler.peak();
    const graph = manifest.graphs[precision];
    const files = graph === undefined ? [] : graphFiles(graph);
    return {
      bundle: `${name} ${version}`,
      precision,
      runs,
      steps: {
        encode: middle('encode'),
        run: middle('run'),
        pack: middle('pack'),
        hash: middle('hash'),
        store: middle('store'),
      },
      bare_put: median(made.slice(WARM_UP).map(({ put }) => put)),
      total: middle('total'),
      first: made[0]?.timing.get('total') ?? Number.NaN,
      wasm_bytes: wasm,
      heap_bytes: heap.bytes,
      heap_samples: heap.samples,
      peak_bytes: wasm + heap.bytes,
      graph_bytes: files.reduce((sum, file) => sum + (manifest.files[file]?.bytes ?? 0), 0),
      parts: files.length,
      adapter_bytes: Object.values(made.at(-1)?.adapter.files ?? {}).reduce(
        (sum, { bytes }) => sum + bytes,
        0,
      ),
    };
  } finally {
    await sampler?.close();
    await endpoint.close();
  }
}

/** An adapter and what its request took, as Server-Timing says. */
export interface Made {
  readonly adapter: AdapterDocument;
  readonly timing: ReadonlyMap<string, number>;
  /** Milliseconds that putting its files into R2 once more took. */
  readonly put: number;
}

/** A client that keeps the timings of its last answer; the bench makes one call at a time. */
export interface MeasuredClient extends T2lClient {
  lastTiming(): ReadonlyMap<string, number>;
}

export function measuredClient(endpoint: string, token: string): MeasuredClient {
  let timing: ReadonlyMap<string, number> = new Map();
  const client = createClient({
    endpoint,
    token,
    async fetch(url, init) {
      const response = await fetch(url, init);
      timing = parseServerTiming(response.headers.get('server-timing') ?? '');
      return response;
    },
  });
  return { ...client, lastTiming: () => timing };
}

/**
 * Makes an adapter.
 *
 * @param precision the bundle's own if left out
 * @param count another one for each number
 */
export async function makeAdapter(
  client: MeasuredClient,
  {
    hypernet,
    manifest,
    precision,
  }: {
    readonly hypernet: string;
    readonly manifest: BundleFolder['manifest'];
    readonly precision?: MeasureOptions['precision'];
  },
  count: number,
): Promise<Omit<Made, 'put'>> {
  const { kind, dim, scale } = manifest.encoder;
  const input =
    kind === 'given'
      ? { embedding: unitVector(dim, uniform(count + 1)).map((value) => value * scale) }
      : { description: `Sort the words of the list and answer with number ${count}` };
  const adapter = await client.generate({ ...input, ...(precision && { precision }), hypernet });
  return { adapter, timing: client.lastTiming() };
}

function unitVector(dim: number, next: () => number): number[] {
  const values = Array.from({ length: dim }, () => next() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** Puts the files of a bundle into the bucket of an endpoint under measurement. */
export async function upload(
  origin: string,
  { files }: Pick<BundleFolder, 'files'>,
): Promise<void> {
  const server = await serveFiles(files);
  try {
    const query = new URLSearchParams([
      ['base', server.base],
      ...files.map(({ key }) => ['key', key]),
    ]);
    const response = await fetch(`${origin}/bench/files?${query}`, { method: 'POST' });
    if (!response.ok) {
      throw new Error(`the bundle could not be uploaded: ${await response.text()}`);
    }
  } finally {
    await server.close();
  }
}

async function pauseReads(origin: string): Promise<void> {
  await fetch(`${origin}/bench/pause?ms=${PAUSE_MS}`, { method: 'POST' });
}

/** Bytes of WASM memory, which never shrinks. */
export async function wasmBytes(origin: string): Promise<number> {
  const answer: unknown = await (await fetch(`${origin}/bench/memory`)).json();
  return z.object({ wasm_bytes: z.number() }).parse(answer).wasm_bytes;
}

/** Refuses to measure with a clock that stands still while the Worker computes. */
async function checkClock(origin: string): Promise<void> {
  // The first request of a Worker also pays for its start.
  await wasmBytes(origin);
  const start = performance.now();
  await fetch(`${origin}/bench/spin?ms=${SPIN_MS}`, { signal: AbortSignal.timeout(10_000) });
  const outside = performance.now() - start;
  if (outside < SPIN_MS || outside > SPIN_MAX_MS) {
    throw new Error(
      `the Worker computed for ${SPIN_MS} ms by its own clock and ${outside.toFixed(0)} ms by ` +
        "Node's: on this machine the timings of steps would mean nothing now",
    );
  }
}
