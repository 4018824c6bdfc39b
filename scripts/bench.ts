/**
 * `npm run bench`: what making an adapter costs, step by step, and what it needs of an isolate.
 *
 * The whole endpoint runs in workerd with real R2 and D1 on this machine's disk; adapters are made by
 * POST /v1/adapters and the timings are those of its Server-Timing header. The built-in bundles (one of the
 * sizes of t2l-smollm2 with random weights where that does not ship), and
 * Text-to-LoRA with random weights: S and L at the sizes of Mistral-7B, and L for Llama-3.1-8B as wide
 * as it was released. The L are in chunks, which pass through the isolate one after the other. The
 * networks are also run in PyTorch on one CPU thread, without anything around them. Last comes how fast
 * SmolLM2-135M-Instruct answers in WebAssembly, as the page and `t2l run` have it, and how long whoever opens
 * the page waits for the first adapted answer.
 *
 * `bare put` is what R2 alone takes for an adapter's files, in turn with `store`, which has a row to write too.
 *
 * The peak is WASM memory, which never shrinks, and the largest JavaScript heap with its array
 * buffers that the inspector saw while adapters were made; an isolate on Cloudflare has 128 MB.
 *
 * `npm run bench -- reads traffic step` measures something else: bench/reads.ts, bench/traffic.ts and
 * bench/step.ts.
 *
 * The clock: on Cloudflare it stands still between two I/O operations, so a step that only computes
 * reads 0 there. workerd on a machine of one's own lets it run. The benchmark does not take that on
 * trust: before it measures, the Worker computes for 200 ms by its clock and Node must agree. Its
 * clock ticks in whole milliseconds, so a step that takes less than one reads 0.
 */
import { compareWith, comparisonTable } from './bench/against.ts';
import { type FirstAnswer, firstAnswerLine, measureFirstAnswers } from './bench/first-answer.ts';
import {
  type LanguageModelSpeed,
  languageModelLine,
  measureLanguageModel,
} from './bench/language-model.ts';
import { type Measurement, measure, STEPS } from './bench/measure.ts';
import { measurePytorch, type PytorchTime } from './bench/pytorch.ts';
import {
  L_LLAMA,
  L_MISTRAL,
  type NetworkSpec,
  randomBundle,
  S_MISTRAL,
  S_MISTRAL_CHUNKED,
  S_SMOLLM2,
} from './bench/random-bundle.ts';
import { reportReads, reportStep, reportTraffic } from './bench/report.ts';
import { machine } from './bench/results.ts';
import { builtInBundles } from './built-in.ts';
import { progress, readArguments, runCommand, table, WrongUsage, wholeNumber } from './command.ts';
import { type BundleFolder, readBundleFolder } from './release/folder.ts';

const NETWORKS: readonly NetworkSpec[] = [S_MISTRAL, S_MISTRAL_CHUNKED, L_MISTRAL, L_LLAMA];
/** In PyTorch there are no chunks. */
const DISTINCT = NETWORKS.filter((spec) => spec !== S_MISTRAL_CHUNKED);

const USAGE = `What making an adapter costs, step by step, and what it needs of an isolate.

  npm run bench -- [options]
  npm run bench -- reads [options]      what a read costs beside a bare Worker
  npm run bench -- traffic [options]    reads and writes while it evicts and a release goes on
  npm run bench -- step [options]       what a step of meta-training costs beside its floor
  npm run bench -- reads traffic step --write    all three, and docs/benchmarks.md

  --runs N        adapters of each bundle (default: 9)
  --against DIR   what changed since the checkout in DIR
  --rounds N      of reads (default: 30)
  --minutes N     of traffic (default: 10)
  --write         of these three: keep the figures, and write docs/benchmarks.md
  --json          print the result as JSON
  --help          print this

It takes several minutes, and wants the machine for itself. Traffic with wrong bytes, or with an error that
nothing explains, ends with 1; so does a step that misses a bar.`;

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '9' },
      json: { type: 'boolean', default: false },
      against: { type: 'string' },
      rounds: { type: 'string', default: '30' },
      minutes: { type: 'string', default: '10' },
      write: { type: 'boolean', default: false },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds, 1);
  const minutes = wholeNumber('minutes', values.minutes, 1);
  const others = positionals.filter((one) => !['reads', 'traffic', 'step'].includes(one));
  if (others.length > 0) {
    throw new WrongUsage(`There are reads, traffic and step, not ${others.join(' ')}.`);
  }
  if (positionals.includes('reads')) {
    await reportReads(rounds, values);
  }
  if (positionals.includes('traffic')) {
    await reportTraffic(minutes, values);
  }
  if (positionals.includes('step')) {
    await reportStep(values);
  }
  if (positionals.length > 0) {
    return;
  }
  const runs = wholeNumber('runs', values.runs, 1);
  if (values.against !== undefined) {
    const found = await compareWith(values.against, runs);
    const lines = `${comparisonTable(found)}\nMilliseconds, medians of ${runs} rounds; ${machine()}.`;
    process.stdout.write(`${values.json ? JSON.stringify(found, null, 2) : lines}\n`);
    return;
  }
  const folders = await builtInBundles();
  if (!folders.some((folder) => folder.includes(`/${S_SMOLLM2.name}/`))) {
    folders.push(await randomBundle(S_SMOLLM2));
  }
  for (const spec of NETWORKS) {
    folders.push(await randomBundle(spec));
  }
  const measurements: Measurement[] = [];
  for (const directory of folders) {
    const folder = await readBundleFolder(directory);
    for (const precision of precisionsOf(folder)) {
      progress(`Measuring ${folder.name} in ${precision}`);
      measurements.push(await measure({ folder, precision, runs }));
    }
  }
  const pytorch: [network: string, time: PytorchTime][] = [];
  for (const spec of DISTINCT) {
    progress(`Running ${spec.name} in PyTorch`);
    pytorch.push([spec.name, measurePytorch(spec, runs)]);
  }
  progress('Asking a language model');
  const speed = await measureLanguageModel();
  progress('Opening the page');
  const answers = await measureFirstAnswers();
  const output = (values.json ? asJson : asTable)(measurements, pytorch, speed, answers);
  process.stdout.write(`${output}\n`);
}

function precisionsOf({ manifest }: BundleFolder): Measurement['precision'][] {
  return (['float32', 'int8'] as const).filter((one) => manifest.graphs[one] !== undefined);
}

/** How many times faster the int8 graph runs than the float32 one, per bundle that has both. */
function speedUps(measurements: readonly Measurement[]): Record<string, number> {
  const byBundle = Map.groupBy(measurements, ({ bundle }) => bundle);
  return Object.fromEntries(
    [...byBundle].flatMap(([bundle, both]) => {
      const exact = both.find(({ precision }) => precision === 'float32');
      const int8 = both.find(({ precision }) => precision === 'int8');
      return exact && int8 ? [[bundle, exact.steps.run / int8.steps.run]] : [];
    }),
  );
}

function asTable(
  measurements: readonly Measurement[],
  pytorch: readonly [network: string, time: PytorchTime][],
  speed: LanguageModelSpeed | undefined,
  answers: readonly FirstAnswer[],
): string {
  const head = [
    ...['bundle', 'precision', ...STEPS, 'bare put', 'total', 'first'],
    ...['WASM', 'heap', 'peak', 'graph', 'parts', 'adapter'],
  ];
  const rows = measurements.map((one) => [
    one.bundle,
    one.precision,
    ...STEPS.map((step) => one.steps[step].toFixed(1)),
    one.bare_put.toFixed(1),
    one.total.toFixed(1),
    one.first.toFixed(0),
    megabytes(one.wasm_bytes),
    megabytes(one.heap_bytes),
    megabytes(one.peak_bytes),
    megabytes(one.graph_bytes),
    String(one.parts),
    megabytes(one.adapter_bytes),
  ]);
  const right = new Set(head.keys());
  right.delete(0);
  right.delete(1);
  const ratios = Object.entries(speedUps(measurements)).map(
    ([bundle, ratio]) => `${bundle}: int8 runs ${ratio.toFixed(2)} times as fast as float32`,
  );
  return [
    table([head, ...rows], right),
    '',
    ...ratios,
    ...pytorch.map(
      ([network, time]) =>
        `${network}: ${time.median_ms.toFixed(0)} ms in PyTorch, float32, one thread, ` +
        `${(time.parameters / 1e6).toFixed(1)} million weights`,
    ),
    languageModelLine(speed),
    ...answers.map(firstAnswerLine),
    `Milliseconds, medians of ${measurements[0]?.runs} adapters; MB of 10^6 bytes; ${machine()}.`,
  ].join('\n');
}

function asJson(
  measurements: readonly Measurement[],
  pytorch: readonly [network: string, time: PytorchTime][],
  speed: LanguageModelSpeed | undefined,
  answers: readonly FirstAnswer[],
): string {
  const document = {
    machine: machine(),
    measurements,
    int8_speed_up: speedUps(measurements),
    pytorch: Object.fromEntries(pytorch),
    language_model: speed,
    first_answers: answers,
  };
  return JSON.stringify(document, null, 2);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)}`;
}
