/**
 * Ending what a script started when the script is ended. A child that was started by `spawn` knows nothing of
 * a signal to its parent, and would go on with its port and its state.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { onNpmEnded } from './with-npm.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What shells add to the number of the signal that ended a program. */
const BY_SIGNAL = 128;

/**
 * Runs `end` when a signal, or the end of npm, ends this process, and then lets it end with the code that
 * shells have for the signal.
 *
 * @returns takes it back
 */
export function endWithUs(end: () => Promise<void>): () => void {
  let active = true;
  async function stop(signal: (typeof SIGNALS)[number]): Promise<void> {
    if (active) {
      active = false;
      await end().finally(() => process.exit(BY_SIGNAL + constants.signals[signal]));
    }
  }
  const handlers = SIGNALS.map((signal) => [signal, () => void stop(signal)] as const);
  for (const [signal, handler] of handlers) {
    process.on(signal, handler);
  }
  onNpmEnded(() => void stop('SIGHUP'));
  return () => {
    active = false;
    for (const [signal, handler] of handlers) {
      process.off(signal, handler);
    }
  };
}

/**
 * Runs a program of Node.js to its end, which a signal to this process brings about too.
 *
 * @throws what `execFile` throws, with `stdout` and `stderr`
 */
export async function runWithUs(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ stdout: string; stderr: string }> {
  const ended = new AbortController();
  const running = promisify(execFile)(process.execPath, args, { ...options, signal: ended.signal });
  const keepGoing = endWithUs(async () => {
    ended.abort();
    await running.catch(() => undefined);
  });
  try {
    return await running;
  } finally {
    keepGoing();
  }
}
