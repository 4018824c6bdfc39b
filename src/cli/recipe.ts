/** What an adapter is made from, as the command line says it: checked by the schema of the API. */
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { T2lError } from '../contract/errors.ts';
import { parse } from '../contract/parse.ts';
import { createAdapterSchema } from '../contract/requests/create-adapter.ts';
import type { AdapterRequest } from '../sdk/index.ts';
import type { RecipeOptions, WantedOptions } from './options.ts';

/**
 * Reads stdin or the embedding's file where they are named, and checks the whole.
 *
 * @throws T2lError with the codes of `POST /v1/adapters`
 */
export async function readRecipe(
  given: string | undefined,
  options: RecipeOptions & WantedOptions,
  signal: AbortSignal,
): Promise<AdapterRequest> {
  const { embedding: file, hypernet, dtype, precision, strength, unlisted } = options;
  const description = given === '-' ? await readStdin(signal) : given;
  const embedding = file === undefined ? undefined : await readVector(file);
  const made = { description, embedding, hypernet, dtype, precision, strength };
  const wanted = { unlisted, allow_unfit: options.refuseUnfit === true ? false : undefined };
  const body = Object.fromEntries(
    Object.entries({ ...made, ...wanted }).filter(([, value]) => value !== undefined),
  );
  if (description === undefined && embedding === undefined) {
    throw new T2lError(
      'input_missing',
      'Say what the adapter is to do, as one argument in quotes, or give --embedding FILE.',
    );
  }
  parse(createAdapterSchema, body);
  return body as AdapterRequest;
}

async function readStdin(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of addAbortSignal(signal, process.stdin)) {
    chunks.push(Buffer.from(chunk as Uint8Array));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(
      Buffer.concat(chunks),
    );
  } catch {
    throw new T2lError('description_not_text', 'stdin is not UTF-8 text.');
  }
}

async function readVector(path: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new T2lError(
      'embedding_not_numbers',
      `The embedding's file cannot be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
  if (bytes.subarray(0, NPY.length).equals(NPY)) {
    return readNpy(path, bytes);
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw notVector(path);
  }
}

const NPY = Buffer.from('\x93NUMPY', 'latin1');

/** A vector, or a matrix of one row, as numpy saves it: a header in Python's notation, then values. */
function readNpy(path: string, bytes: Buffer): number[] {
  const [start, length] =
    bytes[6] === 1 ? [10, bytes.readUInt16LE(8)] : [12, bytes.readUInt32LE(8)];
  const header = bytes.toString('latin1', start, start + length);
  const type = /'descr': *'<f([48])'/.exec(header)?.[1];
  const shape = /'shape': *\((?:1, *)?(\d+),?\)/.exec(header)?.[1];
  const width = Number(type);
  const values = bytes.subarray(start + length);
  if (type === undefined || shape === undefined || values.length !== Number(shape) * width) {
    throw notVector(path);
  }
  return Array.from({ length: Number(shape) }, (_, at) =>
    width === 4 ? values.readFloatLE(at * width) : values.readDoubleLE(at * width),
  );
}

function notVector(path: string): T2lError {
  return new T2lError(
    'embedding_not_numbers',
    `${path} holds no vector: a JSON array of numbers, or a .npy file of one float32 or float64 vector.`,
  );
}
