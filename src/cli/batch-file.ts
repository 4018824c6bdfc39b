/**
 * What `t2l batch --out` writes: a line an adapter, appended as it is made, so that a run which was cut
 * goes on where it ended. A run that goes on drops what the one before said of lines that failed: they
 * are tried again. One run at a time writes a file: two would drop each other's lines.
 */
import { appendFile } from 'node:fs/promises';
import * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { hex64 } from '../contract/hex.ts';
import { readIfThere, writeWhole } from '../local/whole-file.ts';
import { lockForWriting } from './writer-lock.ts';

/** Of a line, as much as tells what it is. */
const doneSchema = z.looseObject({ id: hex64, files: z.looseObject({}) });
const failedSchema = z.strictObject({ line: z.int(), error: z.looseObject({ code: z.string() }) });

/** How every line begins: a killed run may have left a part of one. */
const BEGINNINGS = ['{"id":"', '{"line":'];

/** A file of adapters. */
export interface BatchFile {
  /** Ids of the adapters that it holds. */
  readonly done: Set<string>;
  append(value: unknown): Promise<void>;
  /** Lets another run write it. */
  close(): Promise<void>;
}

/**
 * Opens a file that is not there yet, or one that an earlier run wrote.
 *
 * @throws T2lError `usage_invalid` if it holds something else, or another run writes it
 */
export async function openBatchFile(path: string): Promise<BatchFile> {
  const close = await lockForWriting(path, 't2l batch');
  try {
    const done = await readDone(path);
    return {
      done,
      async append(value) {
        await appendFile(path, `${JSON.stringify(value)}\n`, { flush: true });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The ids of the adapters in a file, which is left with their lines and nothing else. */
async function readDone(path: string): Promise<Set<string>> {
  const done = new Set<string>();
  const bytes = await readIfThere(path);
  if (bytes !== null) {
    const text = new TextDecoder().decode(bytes);
    const lines = text.split('\n');
    const cut = lines.pop() ?? '';
    const kept: string[] = [];
    for (const [at, line] of lines.entries()) {
      const value = parsed(line);
      const adapter = doneSchema.safeParse(value);
      if (adapter.success) {
        kept.push(line);
        done.add(adapter.data.id);
      } else if (!failedSchema.safeParse(value).success) {
        throw foreign(path, at + 1);
      }
    }
    if (!BEGINNINGS.some((one) => one.startsWith(cut) || cut.startsWith(one))) {
      throw foreign(path, lines.length + 1);
    }
    const wanted = kept.map((line) => `${line}\n`).join('');
    if (wanted !== text) {
      await writeWhole(path, wanted);
    }
  }
  return done;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function foreign(path: string, line: number): T2lError {
  return new T2lError(
    'usage_invalid',
    `${path} holds something else than adapters of t2l batch (line ${line}); choose another file.`,
  );
}
