/** The workerd processes that a process has started, as Linux knows them: to be killed, or measured. */
import { readdirSync, readFileSync } from 'node:fs';

/** The ids of the workerd processes whose parent is this one. */
export function ownWorkerds(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((id) => Number.isInteger(id) && isOwnWorkerd(id));
}

/** Memory that a process holds, in MiB. */
export function residentMib(id: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

function isOwnWorkerd(id: number): boolean {
  try {
    // "id (name) state parent ..."
    const [, name, parent] =
      /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8')) ?? [];
    return name === 'workerd' && Number(parent) === process.pid;
  } catch {
    // It ended meanwhile.
    return false;
  }
}
