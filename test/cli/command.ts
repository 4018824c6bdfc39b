/** The `t2l` command as a person runs it: the sources, in a process of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export const COMMAND = join(import.meta.dirname, '../../src/cli/index.ts');

/** How a run ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** A signal to send after so many milliseconds, or after something happened. */
  readonly interrupt?: { readonly after: number | Promise<void>; readonly signal: NodeJS.Signals };
}

/** Runs the command with a data folder of the caller's choice and no settings of this machine. */
export function t2l(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { T2L_ENDPOINT: _endpoint, NO_COLOR: _colour, ...own } = process.env;
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: options.cwd,
    env: { ...own, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that fails early does not read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  if (options.interrupt !== undefined) {
    const { after, signal } = options.interrupt;
    const moment = typeof after === 'number' ? sleep(after) : after;
    void moment.then(() => child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code,
        stdout: String(Buffer.concat(stdout)),
        stderr: String(Buffer.concat(stderr)),
      });
    });
  });
}

/** An empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = keptFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An empty folder for a whole file of tests, which removes it itself. */
export function keptFolder(): string {
  return mkdtempSync(join(tmpdir(), 't2l-cli-'));
}
