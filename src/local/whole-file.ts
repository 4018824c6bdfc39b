/**
 * Files that are there whole or not at all. Bytes go to a temporary name in the same folder, which
 * then becomes the real one in a single step; whoever reads or writes at the same time sees the file
 * before or after, never half of it. A killed process leaves at worst a temporary name.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What temporary names begin with; no file of an adapter and no row does. */
export const TEMPORARY = '.t2l-';

/** Writes or replaces a file. */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  await viaTemporary(path, bytes, async (temporary) => {
    await rename(temporary, path);
  });
}

/** Writes a file unless there is one; says whether it did. Of two writers at once, one does. */
export async function writeNew(path: string, bytes: Uint8Array | string): Promise<boolean> {
  return viaTemporary(path, bytes, async (temporary) => {
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if (isCode(error, 'EEXIST')) {
        return false;
      }
      throw error;
    }
  });
}

/** The bytes of a file, or null where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
}

/** Whether an error of the file system has this code. */
export function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code;
}

async function viaTemporary<T>(
  path: string,
  bytes: Uint8Array | string,
  finish: (temporary: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `${TEMPORARY}${randomUUID()}`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      // Or a crash of the machine could keep the name and lose the bytes.
      await file.sync();
    } finally {
      await file.close();
    }
    return await finish(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}
