/**
 * Measures the making of adapters by one bundle at one precision, in a workerd of its own.
 *
 * Its own, because a WASM heap never shrinks: what another bundle needed must not be counted here.
 */
import { z } from 'zod';
import { createClient } from '../client.ts';
import { median } from '../command.ts';
import { startEndpoint } from '../endpoint.ts';
import { serveFiles } from '../release/file-server.ts';
import type { BundleFolder } from '../release/folder.ts';

/** Steps in the order in which they happen, as Server-Timing names them. */
export const STEPS = ['encode', 'run', 'pack', 'hash', 'store'] as const;

/** The first adapters pay for loading the graphs and for V8 compiling what is hot. */
const WARM_UP = 2;
/** How far the Worker's clock may be from Node's, which also sees the request itself. */
const SPIN_MS = 200;
const SPIN_MAX_MS = 400;

/** Milliseconds are medians over the runs. */
export interface Measurement {
  readonly bundle: string;
  readonly precision: 'float32' | 'int8';
  readonly runs: number;
  readonly steps: Readonly<Record<(typeof STEPS)[number], number>>;
  /** The whole request, as the Worker sees it. */
  readonly total: number;
  /** The first request, with the loading of everything. */
  readonly first: number;
  readonly wasm_bytes: number;
  readonly graph_bytes: number;
  readonly adapter_bytes: number;
}

/** What to measure. */
export interface MeasureOptions {
  readonly folder: BundleFolder;
  readonly precision: 'float32' | 'int8';
  readonly runs: number;
}

/** Makes adapters from descriptions that differ, so that each of them is really made. */
export async function measure({ folder, precision, runs }: MeasureOptions): Promise<Measurement> {
  const { name, version, digest, manifest } = folder;
  const adminToken = 'bench';
  const endpoint = await startEndpoint({ main: 'scripts/bench/worker.ts', adminToken });
  try {
    await checkClock(endpoint.origin);
    const client = createClient(endpoint.origin, adminToken);
    const known = await client.hypernet(name);
    if (!known?.versions.some((one) => one.digest === digest)) {
      await upload(endpoint.origin, folder);
      await client.register({ name, version, digest });
    }
    const timings: ReadonlyMap<string, number>[] = [];
    let adapterBytes = 0;
    for (let i = 0; i < WARM_UP + runs; i++) {
      const description = `Sort the words of the list and answer with number ${i}`;
      const made = await client.createAdapter({ description, precision, hypernet: digest });
      timings.push(made.timing);
      adapterBytes = Object.values(made.adapter.files).reduce((sum, { bytes }) => sum + bytes, 0);
    }
    const warm = timings.slice(WARM_UP);
    const middle = (step: string) => median(warm.map((timing) => timing.get(step) ?? Number.NaN));
    const graph = manifest.graphs[precision]?.file ?? '';
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
      total: middle('total'),
      first: timings[0]?.get('total') ?? Number.NaN,
      wasm_bytes: await wasmBytes(endpoint.origin),
      graph_bytes: manifest.files[graph]?.bytes ?? 0,
      adapter_bytes: adapterBytes,
    };
  } finally {
    await endpoint.close();
  }
}

async function upload(origin: string, { files }: BundleFolder): Promise<void> {
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

async function wasmBytes(origin: string): Promise<number> {
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
