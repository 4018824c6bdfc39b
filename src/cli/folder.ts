/**
 * An adapter's folder on disk: its files and `t2l.json`, which is the adapter document with two more
 * members, the layout of the files and the sha256 of each as it was written.
 *
 * A new folder is filled under a temporary name beside its place and renamed, so an interrupted run
 * leaves no half of it. What an existing folder holds is not overwritten unless it is the same
 * adapter in the same layout, which has the same bytes but for the wording of its card, or the caller
 * insists.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { sha256Hex } from '../contract/adapter-id.ts';
import { adapterSchema, recordedFitSchema } from '../contract/documents/adapter.ts';
import { T2lError } from '../contract/errors.ts';
import { isCode, readIfThere, TEMPORARY, writeWhole } from '../local/whole-file.ts';
import type { AdapterDocument } from '../sdk/index.ts';
import { LAYOUTS, type Layout } from './options.ts';

/** The document beside the files. */
export const DOCUMENT_FILE = 't2l.json';

/** A file name that cannot leave its folder; names come from an endpoint. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Of a folder's name in that of its temporary folder; four bytes each at most, of 255. */
const NAME_CHARACTERS = 40;

/** Longer than any run takes to write what it has in memory. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

const writtenSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }));
const recordSchema = z.looseObject({
  ...adapterSchema.shape,
  fit: recordedFitSchema,
  layout: z.enum(LAYOUTS),
  written: writtenSchema,
});

/** What `t2l.json` says. */
export type FolderRecord = z.output<typeof recordSchema>;

/** An adapter to write. */
export interface AdapterFolder {
  readonly document: AdapterDocument;
  readonly layout: Layout;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Fails early where `writeFolder` would fail whatever the adapter is. */
export async function checkPlace(directory: string, force: boolean): Promise<void> {
  const there = await look(directory);
  if (!force && there === 'something' && (await readRecord(directory)) === undefined) {
    throw occupied(directory);
  }
}

/** Writes an adapter's folder; gives its path and what was written. */
export async function writeFolder(
  directory: string,
  { document, layout, files }: AdapterFolder,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<{ path: string; written: FolderRecord['written'] }> {
  const written: FolderRecord['written'] = {};
  for (const [name, bytes] of files) {
    if (!FILE_NAME.test(name) || name === DOCUMENT_FILE) {
      throw new T2lError('answer_unexpected', `${JSON.stringify(name)} is no name for a file.`);
    }
    written[name] = { bytes: bytes.length, sha256: await sha256Hex(bytes) };
  }
  const record = `${JSON.stringify({ ...document, layout, written }, null, 2)}\n`;
  // The document last: a folder that has one has everything it names.
  const all = [...files, [DOCUMENT_FILE, record] as const];
  signal.throwIfAborted();
  const there = await look(directory);
  if (there !== 'something') {
    const path = there === 'empty' ? await realpath(directory) : resolve(directory);
    if (await writeNewFolder(path, all)) {
      return { path, written };
    }
  }
  const known = await readRecord(directory);
  if (!force && !(known?.id === document.id && known.layout === layout)) {
    throw occupied(directory);
  }
  const path = await realpath(directory);
  if (known !== undefined && !(known.id === document.id && known.layout === layout)) {
    // Until the new one is there, the folder claims to be nothing, and nothing of the old one stays
    // beside it: a loader that looks for another layout's file would take it.
    await rm(join(path, DOCUMENT_FILE));
    for (const name of Object.keys(known.written)) {
      if (!files.has(name) && FILE_NAME.test(name)) {
        await rm(join(path, name), { force: true });
      }
    }
  }
  for (const [name, content] of all) {
    await writeWhole(join(path, name), content);
  }
  return { path, written };
}

/** The record of a folder that `t2l` wrote; undefined for any other. */
export async function readRecord(directory: string): Promise<FolderRecord | undefined> {
  const bytes = await readIfThere(join(directory, DOCUMENT_FILE));
  try {
    return bytes === null
      ? undefined
      : recordSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}

async function look(directory: string): Promise<'nothing' | 'empty' | 'something'> {
  try {
    return (await readdir(directory)).length === 0 ? 'empty' : 'something';
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return 'nothing';
    }
    if (isCode(error, 'ENOTDIR')) {
      throw new T2lError('folder_occupied', `${directory} is not a folder; choose another.`);
    }
    throw error;
  }
}

/** Says whether the folder is there now; false: somebody else made one meanwhile. */
async function writeNewFolder(
  path: string,
  files: readonly (readonly [name: string, content: Uint8Array | string])[],
): Promise<boolean> {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  // Part of a long name only: with what is added it would be longer than file systems take.
  const prefix = `${TEMPORARY}${[...basename(path)].slice(0, NAME_CHARACTERS).join('')}-`;
  await removeAbandoned(parent, prefix);
  const temporary = join(parent, `${prefix}${randomUUID()}`);
  await mkdir(temporary);
  try {
    for (const [name, content] of files) {
      await writeFile(join(temporary, name), content, { flush: true });
    }
    // Renaming over an empty folder is not for every platform.
    await rmdir(path).catch(() => undefined);
    await rename(temporary, path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOTEMPTY') || isCode(error, 'EEXIST') || isCode(error, 'EPERM')) {
      return false;
    }
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What killed runs left beside the folder; a run that is still going is younger. */
async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) {
      const path = join(parent, name);
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) {
        await rm(path, { recursive: true, force: true });
      }
    }
  }
}

function occupied(directory: string): T2lError {
  return new T2lError(
    'folder_occupied',
    `${directory} holds something else; choose another folder, or add --force to write into it.`,
  );
}
