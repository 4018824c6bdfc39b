/**
 * Ending with the npm that started a script. npm hands SIGINT and SIGTERM to the shell between it and the
 * script, which may keep them to itself, and is ended by SIGHUP or SIGKILL without a word: what the
 * script started would go on for ever, with the port. So the script looks whether its forebears are
 * still there: the parent, and if npm is behind a shell, the parent's parent.
 */
import { execFileSync } from 'node:child_process';

const LOOK_EVERY_MS = 500;

/** Calls `ended` once, when the process that started this one through npm is gone. */
export function onNpmEnded(ended: () => void): void {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') {
    return;
  }
  const parent = process.ppid;
  const npm = parentOf(parent);
  const timer = setInterval(() => {
    if (process.ppid !== parent || (npm !== undefined && !isAlive(npm))) {
      clearInterval(timer);
      ended();
    }
  }, LOOK_EVERY_MS);
  // Looking must not keep the script alive.
  timer.unref();
}

/** The parent of a process; undefined if it has none that could end. */
function parentOf(pid: number): number | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' });
    const parent = Number(text);
    return parent > 1 ? parent : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else is there too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
