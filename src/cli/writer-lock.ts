/**
 * One writer of a file at a time: a file beside it, `<file>.lock`, names the process that writes. It is
 * made in one step, so of two that begin at once one has it, and the other is refused. A process that
 * was killed leaves its lock; the next one moves it away and tries again, so that of several that find it
 * one has the lock.
 */
import { randomUUID } from 'node:crypto';
import { readFile, realpath, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { isCode, writeNew } from '../local/whole-file.ts';

const SUFFIX = '.lock';
/** Others may take a lock or leave one while this one looks at it. */
const MAX_TRIES = 20;

const ownerSchema = z.object({ process: z.int().positive(), host: z.string() });

/**
 * Locks a file for writing, whether or not it is there yet.
 *
 * @param writer who writes such files, for the message
 * @returns what gives the lock back
 * @throws T2lError `usage_invalid` if a process writes it
 */
export async function lockForWriting(path: string, writer: string): Promise<() => Promise<void>> {
  const lock = await lockOf(path);
  const mine = `${JSON.stringify({ process: process.pid, host: hostname() })}\n`;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (await writeNew(lock, mine)) {
      return () => rm(lock, { force: true });
    }
    const found = await textOf(lock);
    if (found !== undefined) {
      const owner = ownerOf(found);
      if (owner === undefined || mayWrite(owner)) {
        throw taken(path, lock, writer, owner);
      }
      await removeLeft(lock, found);
    }
  }
  throw taken(path, lock, writer, undefined);
}

/** Beside the file itself, by whatever links it is named. */
async function lockOf(path: string): Promise<string> {
  const file = await realpath(path).catch(async () => {
    const folder = await realpath(dirname(path)).catch(() => dirname(path));
    return join(folder, basename(path));
  });
  return `${file}${SUFFIX}`;
}

/** Removes a lock that a killed process left, unless another one has taken its place meanwhile. */
async function removeLeft(lock: string, left: string): Promise<void> {
  const aside = `${lock}-${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  const moved = await textOf(aside);
  if (moved !== undefined && moved !== left) {
    await writeNew(lock, moved);
  }
  await rm(aside, { force: true });
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

function ownerOf(text: string): z.output<typeof ownerSchema> | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether the owner may still be there: of a process of another machine nobody here can tell. */
function mayWrite({ process: id, host }: z.output<typeof ownerSchema>): boolean {
  if (host !== hostname()) {
    return true;
  }
  if (id === process.pid) {
    // Ids are given again: in a container every run may have the same one.
    return false;
  }
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

function taken(
  path: string,
  lock: string,
  writer: string,
  owner: z.output<typeof ownerSchema> | undefined,
): T2lError {
  const there = owner === undefined || owner.host === hostname() ? '' : ` on ${owner.host}`;
  const who = owner === undefined ? '' : ` (process ${owner.process}${there})`;
  return new T2lError(
    'usage_invalid',
    `Another ${writer} writes to ${path}${who}: wait for it, or choose another file. ` +
      `If there is no such process any more, remove ${lock}.`,
  );
}
