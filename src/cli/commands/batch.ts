/**
 * `t2l batch`: an adapter for every line of a file. A line is a request of `POST /v1/adapters` or a
 * description alone; its answer is the adapter document, or what is wrong with the line. Lines do not
 * depend on each other: one that is wrong is said, and the others are made.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { T2lError } from '../../contract/errors.ts';
import { MAX_BODY_BYTES } from '../../contract/limits.ts';
import { parse } from '../../contract/parse.ts';
import { createAdapterSchema } from '../../contract/requests/create-adapter.ts';
import type { AdapterRequest } from '../../sdk/index.ts';
import { type BatchFile, openBatchFile } from '../batch-file.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { Interruption } from '../interruption.ts';
import { type Line, lineGroups } from '../lines.ts';
import type { Context } from '../options.ts';
import { fail, problemOf } from '../output.ts';
import { openService, type Service } from '../service.ts';

/** How many lines came to which end. */
interface Counts {
  made: number;
  /** The service had it already. */
  known: number;
  /** The file had it already. */
  skipped: number;
  failed: number;
}

/** Makes the adapters of a file, or of stdin; lines that fail make exit code 1. */
export async function batch(
  source: string,
  { out }: { readonly out?: string },
  context: Context,
): Promise<void> {
  const { options, output, signal } = context;
  const stream = await openSource(source);
  const service = await openService(options);
  const file = out === undefined ? undefined : await openBatchFile(out);
  const counts: Counts = { made: 0, known: 0, skipped: 0, failed: 0 };
  try {
    for await (const group of lineGroups(stream, signal)) {
      for (const line of group) {
        signal.throwIfAborted();
        const end = await answer(line, service, file, context);
        counts[end] += 1;
        if (file !== undefined || !process.stdout.isTTY) {
          output.progress(`line ${line.number}: ${end}`);
        }
      }
    }
  } catch (error) {
    throw signal.aborted ? new Interruption(leftOf(counts, out)) : error;
  } finally {
    await file?.close();
  }
  if (out !== undefined) {
    output.result({ out, ...counts }, () => [`${out}: ${text(counts)}`]);
  }
  if (counts.failed > 0) {
    const all = counts.made + counts.known + counts.skipped + counts.failed;
    fail(new Error(`${counts.failed} of ${all} lines failed`), options.json === true);
    process.exitCode = EXIT.failed;
  }
}

/** Answers one line; throws what would befall the others too. */
async function answer(
  line: Line,
  service: Service,
  file: BatchFile | undefined,
  { output, signal }: Context,
): Promise<keyof Counts> {
  async function write(value: unknown): Promise<void> {
    await (file === undefined
      ? output.record(value, () => [JSON.stringify(value)])
      : file.append(value));
  }
  try {
    const request = requestOf(line);
    if (file?.done.has(await service.adapterId(request, { signal }))) {
      return 'skipped';
    }
    const document = await service.generate(request, { signal });
    await write(document);
    file?.done.add(document.id);
    return document.cached ? 'known' : 'made';
  } catch (error) {
    // An endpoint that does not answer is no line's fault, and a later run goes on from here.
    if (!(error instanceof T2lError) || exitCodeOf(error) === EXIT.unavailable) {
      throw error;
    }
    await write({ line: line.number, error: problemOf(error) });
    return 'failed';
  }
}

/** The request that a line is, checked. */
function requestOf({ text }: Line): AdapterRequest {
  if (text === null) {
    throw new T2lError('json_malformed', 'The line is not UTF-8 text.');
  }
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new T2lError('body_too_large', `The line has more than ${MAX_BODY_BYTES} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new T2lError(
      'json_malformed',
      'The line is not JSON; it must be an object such as {"description": "..."}, or a text in quotes.',
    );
  }
  const body = typeof value === 'string' ? { description: value } : value;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new T2lError(
      'body_not_object',
      'The line must be an object such as {"description": "..."}, or a text in quotes.',
    );
  }
  parse(createAdapterSchema, body);
  return body as AdapterRequest;
}

async function openSource(source: string): Promise<Readable> {
  if (source === '-') {
    return process.stdin;
  }
  const found = await stat(source).catch((error: Error) => error);
  if (found instanceof Error || found.isDirectory()) {
    const why = found instanceof Error ? found.message : 'it is a folder';
    throw new T2lError('usage_invalid', `${source} cannot be read: ${why}.`);
  }
  return createReadStream(source);
}

function text({ made, known, skipped, failed }: Counts): string {
  return `${made} made, ${known} known, ${skipped} there already, ${failed} failed`;
}

function leftOf(counts: Counts, out: string | undefined): string {
  return out === undefined
    ? text(counts)
    : `${out} is whole (${text(counts)}); the same command goes on`;
}
