/**
 * `npm run pregenerate`: the adapters of a whole catalog of descriptions, so that nobody has to wait for the
 * first one. Asks an endpoint, a batch at a time, and notes each adapter in a file as it is made: a run that
 * was cut goes on after the last one it noted, and what the endpoint had made beyond it is found, not made.
 */
import { openBatchFile } from '../src/cli/batch-file.ts';
import { MAX_BATCH } from '../src/contract/limits.ts';
import { type AdapterRequest, createClient, type T2lClient } from '../src/sdk/index.ts';
import {
  progress,
  Refusal,
  readArguments,
  runCommand,
  WrongUsage,
  wholeNumber,
} from './command.ts';
import { readCatalog } from './pregenerate/catalog.ts';
import { costLines } from './pregenerate/cost.ts';
import { makeLater } from './pregenerate/later.ts';

const USAGE = `Make the adapters of a catalog of descriptions; what is made already is not made again.

  npm run pregenerate -- CATALOG [options]

CATALOG is a file of lines of JSON, gzipped or not: a description in quotes, a body of POST /v1/adapters,
or an object with a list of descriptions.

  --endpoint URL   that makes and keeps them (env T2L_ENDPOINT; default: http://localhost:8787)
  --hypernet NAME  that makes those that name none (default: the endpoint's)
  --out FILE       notes each adapter (default: CATALOG.adapters.jsonl); a later run goes on from it
  --batch N        requests of one call, at most 64 (default: 16)
  --later          let a queue of the endpoint make them, and wait until they are there
  --dry-run        say what would be made and what it costs, and make nothing
  --help           print this

T2L_TOKEN has the token, if the endpoint wants one. Exit codes: 0 all are there, 1 some could not be made.`;

const ENDPOINT = 'http://localhost:8787';
/** What is refused for a while only. */
const LATER = new Set(['rate_limited', 'overloaded', 'store_unavailable']);
/** How long to wait before what a limit refused is asked for again; a day's limit ends the run. */
const LONGEST_WAIT_MS = 120_000;

interface Counts {
  made: number;
  known: number;
  failed: number;
}

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      endpoint: { type: 'string', default: process.env.T2L_ENDPOINT || ENDPOINT },
      hypernet: { type: 'string' },
      out: { type: 'string' },
      batch: { type: 'string', default: '16' },
      later: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const [catalog, ...others] = positionals;
  if (catalog === undefined || others.length > 0) {
    throw new WrongUsage('Name one catalog.');
  }
  const size = wholeNumber('batch', values.batch, 1);
  if (size > MAX_BATCH) {
    throw new WrongUsage(`--batch must be at most ${MAX_BATCH}, not ${size}.`);
  }
  const { T2L_TOKEN: token } = process.env;
  const client = createClient({ endpoint: values.endpoint, ...(token ? { token } : {}) });
  const requests = await readCatalog(catalog, values.hypernet);
  const wanted = new Map<string, AdapterRequest>();
  for (const request of requests) {
    wanted.set(await client.adapterId(request), request);
  }
  const file = await openBatchFile(values.out ?? `${catalog}.adapters.jsonl`);
  try {
    const left = [...wanted].filter(([id]) => !file.done.has(id)).map(([, request]) => request);
    const noted = wanted.size - left.length;
    progress(`${requests.length} requests, ${wanted.size} adapters, ${noted} noted already`);
    if (values['dry-run']) {
      const lines = costLines(left.length, Math.ceil(left.length / size), await bytesOfOne(client));
      process.stdout.write(`${[`to make        ${left.length}`, ...lines].join('\n')}\n`);
      return;
    }
    const make = values.later ? makeLater : makeAll;
    const counts = await make(client, left, size, (document) => file.append(document));
    process.stdout.write(
      `${counts.made} made, ${counts.known} known to the endpoint, ${noted} noted before, ${counts.failed} failed\n`,
    );
    if (counts.failed > 0) {
      throw new Refusal(`${counts.failed} could not be made; run it again to try them.`);
    }
  } finally {
    await file.close();
  }
}

async function makeAll(
  client: T2lClient,
  requests: readonly AdapterRequest[],
  size: number,
  note: (document: object) => Promise<void>,
): Promise<Counts> {
  const counts: Counts = { made: 0, known: 0, failed: 0 };
  const begun = performance.now();
  let waiting = [...requests];
  while (waiting.length > 0) {
    const batch = waiting.slice(0, size);
    waiting = waiting.slice(size);
    let pause = 0;
    for (const { index, adapter, problem } of await client.batch(batch)) {
      const request = batch[index];
      if (adapter !== undefined) {
        await note(adapter);
        counts[adapter.cached ? 'known' : 'made']++;
      } else if (LATER.has(problem?.code ?? '')) {
        pause = Math.min(LONGEST_WAIT_MS, Math.max(pause, (problem?.retry_after ?? 60) * 1000));
        waiting.push(...(request === undefined ? [] : [request]));
      } else {
        counts.failed++;
        progress(
          `not made: ${request?.description ?? '(embedding)'}: ${problem?.code}: ${problem?.detail}`,
        );
        if (problem?.code === 'quota_exhausted') {
          counts.failed += waiting.length;
          return counts;
        }
      }
    }
    const done = counts.made + counts.known + counts.failed;
    const rate = done / ((performance.now() - begun) / 1000);
    progress(
      `${done} of ${requests.length}, ${rate.toFixed(1)} a second, ${timeOf(waiting.length / rate)} left`,
    );
    if (pause > 0) {
      progress(`a limit is reached; going on in ${pause / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return counts;
}

function timeOf(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${Math.ceil(seconds)} s` : `${minutes} min ${Math.round(seconds % 60)} s`;
}

/** The size of the files of some adapter of the endpoint, if it has one and shows it. */
async function bytesOfOne(client: T2lClient): Promise<number | undefined> {
  const page = await client.adapters({ limit: 1 }).catch(() => undefined);
  const files = Object.values(page?.adapters[0]?.files ?? {});
  return files.length === 0 ? undefined : files.reduce((sum, { bytes }) => sum + bytes, 0);
}
