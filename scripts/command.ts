/** What every command of this folder does the same way: usage, failing with one line, drawing, tables. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { T2lError } from '../src/contract/errors.ts';

/** A failure that whoever runs the command can mend: its message is all that is to be said. */
export class Refusal extends Error {}

/** A command line that cannot be meant: its message is followed by the usage. */
export class WrongUsage extends Refusal {}

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Runs a command. What it throws becomes one line on stderr and exit code 1, a wrong command line its
 * usage and exit code 2; `--help` prints the usage and runs nothing.
 */
export async function runCommand(main: () => Promise<void>, usage?: string): Promise<void> {
  if (usage !== undefined && ['--help', '-h'].some((help) => process.argv.includes(help, 2))) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    await main();
  } catch (error) {
    // An expected failure needs no stack; anything else is a defect, and its stack is the report.
    const expected = error instanceof T2lError || error instanceof Refusal;
    const text = expected ? error.message : error;
    console.error(text);
    if (error instanceof WrongUsage && usage !== undefined) {
      console.error(`\n${usage}`);
    }
    process.exitCode = error instanceof WrongUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}

/**
 * The command line by `parseArgs`.
 *
 * @throws WrongUsage for what is not known
 */
export function readArguments<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // Its second sentence is about arguments that begin with a dash, which nobody means here.
    throw isUsageError(error) ? new WrongUsage(`${error.message.split('. ')[0]}.`) : error;
  }
}

/**
 * The whole number that an option says.
 *
 * @param least the smallest that is lawful
 */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new WrongUsage(`--${option} must be a whole number of at least ${least}, not ${text}.`);
  }
  return value;
}

/** A line for the person who waits, on stderr: stdout holds the result only. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `count` different items of a list, the same for the same seed (mulberry32, Fisher-Yates). */
export function draw<T>(items: readonly T[], count: number, seed: number): T[] {
  const pool = [...items];
  const next = uniform(seed);
  for (let i = 0; i < Math.min(count, pool.length); i++) {
    const j = i + Math.floor(next() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j] as T, pool[i] as T];
  }
  return pool.slice(0, count);
}

/** Rows as text in columns; columns of `right` are set flush right. */
export function table(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return right.has(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Uniform numbers in [0, 1), the same for the same seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Wrong options, as node:util's parseArgs reports them. */
function isUsageError(error: unknown): error is Error {
  const { code } = (error ?? {}) as { code?: unknown };
  return error instanceof TypeError && String(code).startsWith('ERR_PARSE_ARGS');
}
