/** What every command of this folder does the same way: failing with one line, drawing, tables. */
import { T2lError } from '../src/contract/errors.ts';

/** A failure that whoever runs the command can mend: its message is all that is to be said. */
export class Refusal extends Error {}

/** Runs a command; what it throws becomes one line on stderr and exit code 1. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    // An expected failure needs no stack; anything else is a defect, and its stack is the report.
    const expected = error instanceof T2lError || error instanceof Refusal || isUsageError(error);
    const text = expected ? error.message : error;
    console.error(text);
    process.exitCode = 1;
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
    throw new Refusal(`--${option} must be a whole number of at least ${least}, not ${text}.`);
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
