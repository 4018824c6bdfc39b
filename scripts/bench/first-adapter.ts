/**
 * What the first adapter of an isolate takes in each of two checkouts: the Workers of both are built once, and
 * every round starts a workerd of each, first one of them first and then the other. The time is the Worker's own, of
 * its first request for an adapter, with the loading of everything.
 *
 * An isolate loads one graph of a bundle, so the networks at the sizes of Mistral-7B have only the one that the
 * edge runs: every round uploads them anew.
 */
import { basename, dirname } from 'node:path';
import { builtInBundles } from '../built-in.ts';
import { progress } from '../command.ts';
import { ROOT } from '../environment.ts';
import { type BundleFolder, readBundleFolder } from '../release/folder.ts';
import { type BuiltWorker, buildWorker } from './built-worker.ts';
import { BENCH_WORKER, startBenchEndpoint } from './endpoint.ts';
import { makeAdapter, measuredClient, upload } from './measure.ts';
import {
  L_MISTRAL,
  type NetworkSpec,
  randomBundle,
  S_MISTRAL,
  S_MISTRAL_CHUNKED,
} from './random-bundle.ts';

/** Milliseconds before and now, a pair a round. */
export type Pairs = readonly (readonly [before: number, now: number])[];

interface Side {
  readonly root: string;
  readonly built: BuiltWorker;
}

const ADMIN_TOKEN = 'bench';

const COMPARED: readonly NetworkSpec[] = [S_MISTRAL, S_MISTRAL_CHUNKED, L_MISTRAL].map((spec) => ({
  ...spec,
  precisions: ['int8'],
}));

/** The folders of the networks at the sizes of Mistral-7B, which are made if they are not there yet. */
export async function comparedNetworks(): Promise<string[]> {
  const folders: string[] = [];
  for (const spec of COMPARED) {
    folders.push(await randomBundle(spec));
  }
  return folders;
}

/** Times first adapters of the built-in bundles and of networks at the sizes of Mistral-7B. */
export async function compareFirstAdapters(
  before: string,
  rounds: number,
): Promise<Map<string, Pairs>> {
  const uploaded = await comparedNetworks();
  const sides: Side[] = [];
  try {
    for (const root of [before, ROOT]) {
      sides.push({ root, built: await buildWorker(BENCH_WORKER, root) });
    }
    const found = new Map<string, Pairs>();
    for (const directory of [...(await builtInBundles()), ...uploaded]) {
      const name = basename(dirname(directory));
      progress(`Comparing: the first adapter of ${name}`);
      const folder = await readBundleFolder(directory);
      const pairs: [number, number][] = [];
      for (let round = 0; round < rounds; round++) {
        const timed: [number, number] = [0, 0];
        for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
          const isUploaded = uploaded.includes(directory);
          timed[side] = await firstAdapter(sides[side] as Side, folder, isUploaded);
        }
        pairs.push(timed);
      }
      found.set(name, pairs);
    }
    return found;
  } finally {
    await Promise.all(sides.map(({ built }) => built.remove()));
  }
}

async function firstAdapter(
  side: Side,
  folder: BundleFolder,
  isUploaded: boolean,
): Promise<number> {
  const endpoint = await startBenchEndpoint(ADMIN_TOKEN, side);
  try {
    const client = measuredClient(endpoint.origin, ADMIN_TOKEN);
    const { name, version, digest, manifest } = folder;
    if (isUploaded) {
      await upload(endpoint.origin, folder);
      await client.register({ name, version, digest });
    }
    // Of a built-in one the other checkout may have another version.
    const hypernet = isUploaded ? digest : name;
    const { timing } = await makeAdapter(client, { hypernet, manifest }, 0);
    return timing.get('total') ?? Number.NaN;
  } finally {
    await endpoint.close();
  }
}
