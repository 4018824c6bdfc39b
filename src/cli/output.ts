/**
 * The one place that writes: results to stdout, everything else to stderr. Colours are for a
 * terminal that wants them; a pipe and NO_COLOR get plain text.
 */
import { styleText } from 'node:util';
import { T2lError } from '../contract/errors.ts';
import { exitCodeOf, isAbort } from './exit-codes.ts';
import { Interruption } from './interruption.ts';

type Style = Parameters<typeof styleText>[0];

/** How a command speaks. */
export interface Output {
  /** Writes the result: the value under `--json`, the lines otherwise. */
  result(value: unknown, lines: () => readonly string[]): void;
  /** Writes one of many results as soon as it is there: under `--json` a value is one line. */
  record(value: unknown, lines: () => readonly string[]): void;
  /** A line for the person who waits. */
  progress(line: string): void;
  /** A line that nobody should miss; under `--json` the result says as much. */
  warn(line: string): void;
  /** Text with a style, where styles are wanted. */
  style(style: Style, text: string): string;
}

/** Writes to this process's streams. */
export function createOutput(json: boolean): Output {
  const colours = !json && wantsColours(process.stdout, process.env);
  return {
    result(value, lines) {
      process.stdout.write(
        json ? `${JSON.stringify(value, null, 2)}\n` : `${lines().join('\n')}\n`,
      );
    },
    record(value, lines) {
      process.stdout.write(`${json ? JSON.stringify(value) : lines().join('\n')}\n`);
    },
    progress(line) {
      // Nobody reads along in a pipe.
      if (process.stderr.isTTY) {
        process.stderr.write(`${line}\n`);
      }
    },
    warn(line) {
      if (!json) {
        process.stderr.write(`t2l: ${line}\n`);
      }
    },
    // Node would ask the environment once more, and take any terminal under CI for a plain one.
    style: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** Whether a stream is a terminal whose owner has nothing against colours (no-color.org). */
export function wantsColours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Says why a command failed, in one line, and sets the exit code. */
export function fail(error: unknown, json: boolean): void {
  process.exitCode = exitCodeOf(error);
  tell(error, json);
  if (process.env.T2L_DEBUG && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
}

/** Says in one line what went wrong, without being the end of the command. */
export function tell(error: unknown, json: boolean): void {
  process.stderr.write(`${json ? JSON.stringify(problemOf(error)) : lineOf(error)}\n`);
}

/** `label  value` lines, labels of one width. */
export function pairs(rows: readonly (readonly [label: string, value: string])[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
}

/** Rows in columns, each as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A number of bytes as people read it. */
export function size(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function lineOf(error: unknown): string {
  if (isAbort(error)) {
    const left = error instanceof Interruption ? error.left : 'nothing was written';
    return `t2l: interrupted; ${left}`;
  }
  const text =
    error instanceof T2lError
      ? `${error.detail} (${error.code})`
      : `${error instanceof Error ? error.message : String(error)} (failed)`;
  return `t2l: ${text.replace(/\s*\n\s*/g, ' ').trim()}`;
}

/** A failure as JSON. */
export function problemOf(error: unknown): object {
  return error instanceof T2lError
    ? { code: error.code, status: error.status, detail: error.detail }
    : { code: isAbort(error) ? 'interrupted' : 'failed', detail: lineOf(error).slice(5) };
}
