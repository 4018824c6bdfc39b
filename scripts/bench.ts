/**
 * `npm run bench`: what making an adapter costs, step by step, and what it needs of an isolate.
 *
 * The whole endpoint runs in workerd with real R2 and D1 on this machine's disk; adapters are made by
 * POST /v1/adapters and the timings are those of its Server-Timing header. Two bundles at both
 * precisions: the default one, and T2L-S at the sizes of Mistral-7B with random weights.
 *
 * The clock: on Cloudflare it stands still between two I/O operations, so a step that only computes
 * reads 0 there. workerd on a machine of one's own lets it run. The benchmark does not take that on
 * trust: before it measures, the Worker computes for 200 ms by its clock and Node must agree. Its
 * clock ticks in whole milliseconds, so a step that takes less than one reads 0.
 *
 *   npm run bench -- [--runs 9] [--json]
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Measurement, measure, STEPS } from './bench/measure.ts';
import { randomBundle } from './bench/random-bundle.ts';
import { progress, runCommand, table } from './command.ts';
import { ROOT } from './environment.ts';
import { readBundleFolder } from './release/folder.ts';

const indexSchema = z.object({
  default: z.string(),
  bundles: z.array(z.object({ name: z.string(), version: z.string() })),
});

const PRECISIONS = ['float32', 'int8'] as const;

await runCommand(main);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '9' },
      json: { type: 'boolean', default: false },
    },
  });
  const runs = z.coerce.number().int().positive().parse(values.runs);
  const folders = [await defaultBundle(), await randomBundle()];
  const measurements: Measurement[] = [];
  for (const directory of folders) {
    const folder = await readBundleFolder(directory);
    for (const precision of PRECISIONS) {
      progress(`Measuring ${folder.name} in ${precision}`);
      measurements.push(await measure({ folder, precision, runs }));
    }
  }
  process.stdout.write(`${values.json ? asJson(measurements) : asTable(measurements)}\n`);
}

/** The folder of the bundle that answers when a request names none. */
async function defaultBundle(): Promise<string> {
  const root = join(ROOT, 'src/assets/hypernets');
  const index = indexSchema.parse(JSON.parse(await readFile(join(root, 'index.json'), 'utf8')));
  const bundle = index.bundles.findLast(({ name }) => name === index.default);
  return join(root, index.default, bundle?.version ?? '');
}

/** How many times faster the int8 graph runs than the float32 one, per bundle. */
function speedUps(measurements: readonly Measurement[]): Record<string, number> {
  const byBundle = Map.groupBy(measurements, ({ bundle }) => bundle);
  return Object.fromEntries(
    [...byBundle].map(([bundle, both]) => {
      const [exact, int8] = PRECISIONS.map((wanted) =>
        both.find(({ precision }) => precision === wanted),
      );
      return [bundle, (exact?.steps.run ?? Number.NaN) / (int8?.steps.run ?? Number.NaN)];
    }),
  );
}

function asTable(measurements: readonly Measurement[]): string {
  const head = ['bundle', 'precision', ...STEPS, 'total', 'first', 'WASM', 'graph', 'adapter'];
  const rows = measurements.map((one) => [
    one.bundle,
    one.precision,
    ...STEPS.map((step) => one.steps[step].toFixed(1)),
    one.total.toFixed(1),
    one.first.toFixed(0),
    megabytes(one.wasm_bytes),
    megabytes(one.graph_bytes),
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
    `Milliseconds, medians of ${measurements[0]?.runs} adapters; MB of 10^6 bytes; ${machine()}.`,
  ].join('\n');
}

function asJson(measurements: readonly Measurement[]): string {
  const document = { machine: machine(), measurements, int8_speed_up: speedUps(measurements) };
  return JSON.stringify(document, null, 2);
}

function machine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model ?? 'unknown CPU'}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)}`;
}
