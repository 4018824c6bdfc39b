/**
 * `npm run costs`: what a million adapters and a billion reads of them cost on Cloudflare. What one adapter and
 * one read take is measured, in workerd on this machine: bytes in R2 and D1, and the processor's time of the
 * whole process. Cloudflare bills that of the Worker alone; here R2 and D1 are in the process too, so it is the most
 * that it can be on such a processor.
 */
import { readdir, readFile } from 'node:fs/promises';
import { WEIGHTS_FILE } from '../src/adapter/peft.ts';
import { createClient } from '../src/sdk/index.ts';
import { type ReadsEndpoint, startReadsEndpoint } from './bench/reads-endpoint.ts';
import { builtInBundles } from './built-in.ts';
import { readArguments, runCommand, wholeNumber } from './command.ts';
import { costOf, dollars, monthOf, PUTS, ROWS_OF_ONE } from './costs/prices.ts';

const USAGE = `Say what a million adapters and a billion reads cost on Cloudflare, without what a plan includes.

  npm run costs [-- options]

  --adapters N   adapters of each network that are made to measure one (default: 60)
  --reads N      reads that are made to measure one (default: 2000)
  --help         print this`;

const MILLION = 1_000_000;
const BILLION = 1_000_000_000;
const D1_BYTES = 10_000_000_000;
/** Of /proc/PID/stat, in ticks of 10 ms. */
const TICK_MS = 10;

/** What one adapter of a network takes. */
interface Taken {
  readonly name: string;
  readonly fileBytes: number;
  readonly rowBytes: number;
  readonly makingMs: number;
  readonly readingMs: number;
}

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values } = readArguments({
    options: {
      adapters: { type: 'string', default: '60' },
      reads: { type: 'string', default: '2000' },
    },
  });
  const adapters = wholeNumber('adapters', values.adapters, 2);
  const reads = wholeNumber('reads', values.reads, 1);
  const measured: Taken[] = [];
  for (const bundle of await builtInBundles()) {
    const name = bundle.split('/').at(-2) ?? '';
    measured.push(await withEndpoint((endpoint) => measure(endpoint, name, adapters, reads)));
  }
  const [head = [], ...rows] = rowsOf(measured);
  const lines = [head, head.map((_, at) => (at === 0 ? '---' : '---:')), ...rows];
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
}

async function withEndpoint<T>(work: (endpoint: ReadsEndpoint) => Promise<T>): Promise<T> {
  const endpoint = await startReadsEndpoint();
  try {
    return await work(endpoint);
  } finally {
    await endpoint.close();
  }
}

async function measure(
  { origins, database }: ReadsEndpoint,
  hypernet: string,
  adapters: number,
  reads: number,
): Promise<Taken> {
  const origin = origins.endpoint;
  const client = createClient({ endpoint: origin });
  const describe = (at: number) =>
    `Answer with the word that stands at place ${at} of the sentence.`;
  // The first one loads the network, which is no part of the others.
  let last = await client.generate({ description: describe(0), hypernet });
  const sizeBefore = await databaseBytes(database);
  const making = await processorTime(async () => {
    for (let at = 1; at <= adapters; at++) {
      last = await client.generate({ description: describe(at), hypernet });
    }
  });
  const rowBytes = ((await databaseBytes(database)) - sizeBefore) / adapters;
  const reading = await processorTime(async () => {
    for (let at = 0; at < reads; at++) {
      const answer = await fetch(`${origin}/v1/adapters/${last.id}/${WEIGHTS_FILE}`);
      await answer.arrayBuffer();
    }
  });
  return {
    name: hypernet,
    fileBytes: Object.values(last.files).reduce((sum, { bytes }) => sum + bytes, 0),
    rowBytes,
    makingMs: making / adapters,
    readingMs: reading / reads,
  };
}

async function databaseBytes(database: Pick<D1Database, 'prepare'>): Promise<number> {
  const { meta } = await database.prepare('SELECT 1').run();
  return meta.size_after;
}

/** Milliseconds of the processor that workerd used meanwhile, on all its threads. */
async function processorTime(work: () => Promise<void>): Promise<number> {
  const before = await usedByWorkerd();
  await work();
  return (await usedByWorkerd()) - before;
}

async function usedByWorkerd(): Promise<number> {
  let ticks = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name may hold spaces; after its parenthesis come state, parent, and 10 more before utime, stime.
    const [name = '', rest = ''] = stat.split(') ');
    const fields = rest.split(' ');
    if (name.includes('workerd') && Number(fields[1]) === process.pid) {
      ticks += Number(fields[11]) + Number(fields[12]);
    }
  }
  return ticks * TICK_MS;
}

function rowsOf(measured: readonly Taken[]): string[][] {
  function row(label: string, value: (taken: Taken) => string): string[] {
    return [label, ...measured.map(value)];
  }
  const once = ({ makingMs }: Taken) => [
    costOf('requests', MILLION),
    costOf('cpuMilliseconds', makingMs * MILLION),
    costOf('r2Writes', PUTS * MILLION),
    costOf('d1RowsWritten', ROWS_OF_ONE * MILLION),
  ];
  const month = ({ fileBytes, rowBytes }: Taken) => [
    monthOf('r2GigabyteMonth', fileBytes * MILLION),
    monthOf('d1GigabyteMonth', rowBytes * MILLION),
  ];
  const reads = ({ readingMs }: Taken) => [
    costOf('requests', BILLION),
    costOf('cpuMilliseconds', readingMs * BILLION),
    costOf('r2Reads', BILLION),
  ];
  const sum = (parts: readonly number[]) => parts.reduce((all, one) => all + one, 0);
  const at = (parts: (taken: Taken) => number[], place: number) => (taken: Taken) =>
    dollars(parts(taken)[place] ?? 0);
  return [
    row('', ({ name }) => name),
    row('one adapter: files in R2, kB', ({ fileBytes }) => (fileBytes / 1000).toFixed(1)),
    row('its rows in D1, kB', ({ rowBytes }) => (rowBytes / 1000).toFixed(1)),
    row('computing, ms', ({ makingMs }) => makingMs.toFixed(0)),
    row('one read: computing, ms', ({ readingMs }) => readingMs.toFixed(2)),
    row('**a million adapters**', (taken) => dollars(sum(once(taken)))),
    row('requests, without batches', at(once, 0)),
    row('computing', at(once, 1)),
    row(`R2, ${PUTS} writes each`, at(once, 2)),
    row(`D1, ${ROWS_OF_ONE} rows each`, at(once, 3)),
    row('**and each month that they are kept**', (taken) => dollars(sum(month(taken)))),
    row('R2, without eviction', at(month, 0)),
    row('D1', at(month, 1)),
    row('**a billion reads of files**', (taken) => dollars(sum(reads(taken)))),
    row('requests', at(reads, 0)),
    row('computing', at(reads, 1)),
    row('R2, if no copy is near', at(reads, 2)),
    row('adapters in a D1 of 10 GB, millions', ({ rowBytes }) =>
      (D1_BYTES / rowBytes / MILLION).toFixed(1),
    ),
  ];
}
