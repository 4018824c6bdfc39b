/**
 * A child process whose words are held back while all goes well. Nobody wants to read how a server comes
 * to be; whoever's server does not come to be wants to read all of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A child process, and what becomes of what it says. */
export interface HeldChild {
  readonly process: ChildProcess;
  /** Forgets what was held back; from now on everything goes to this process's own streams. */
  release(): void;
  /** Writes what was held back to stderr. */
  confess(): void;
  /** The exit code, once all it said has been heard; null if a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts a program without input. */
export function startHeld(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): HeldChild {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let held: Buffer[] | undefined = [];
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.on('data', (chunk: Buffer) => {
      if (held === undefined) {
        to.write(chunk);
      } else {
        held.push(chunk);
      }
    });
  }
  return {
    process: child,
    release() {
      held = undefined;
    },
    confess() {
      process.stderr.write(Buffer.concat(held ?? []));
    },
    ended: once(child, 'close').then(([code]) => code as number | null),
  };
}
