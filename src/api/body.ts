/**
 * Reads a JSON body. The limit is applied while reading, because Content-Length may be missing or
 * wrong, and the content type is insisted on, because a form or plain text needs no CORS preflight.
 * Bodies come as they are: the platform decodes none, and the limit would not bound what it decoded.
 */
import type * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { MAX_BODY_BYTES } from '../contract/limits.ts';
import { parse } from '../contract/parse.ts';

/** The body of a request, parsed by `schema`. */
export async function readBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    await request.body?.cancel();
    throw new T2lError(
      'content_type_unsupported',
      'Send the header "Content-Type: application/json" and a JSON object.',
    );
  }
  const value = parseJson(await readLimited(request));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new T2lError('body_not_object', 'The body must be a JSON object.');
  }
  return parse(schema, value);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new T2lError('json_malformed', 'The body must be JSON in UTF-8.');
  }
}

/** The body of a request, whole and no larger than the limit. */
export async function readLimited(request: Request): Promise<Uint8Array> {
  const coding = request.headers.get('content-encoding')?.trim().toLowerCase();
  if (coding !== undefined && coding !== '' && coding !== 'identity') {
    await request.body?.cancel();
    throw new T2lError(
      'content_encoding_unsupported',
      'Send the body as it is, without the header "Content-Encoding".',
      { extra: { headers: { 'accept-encoding': 'identity' } } },
    );
  }
  if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES) {
    await request.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of received(request.body)) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** The chunks of a body; what the connection makes of it is the fault of who sends it. */
async function* received(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (;;) {
      const part = await reader?.read().catch(() => {
        throw new T2lError(
          'body_incomplete',
          'The body must be sent whole: it ended early, or its chunks are not framed properly.',
        );
      });
      if (part === undefined || part.done) {
        return;
      }
      yield part.value;
    }
  } finally {
    // Whoever stops before the end wants nothing more of it.
    await reader?.cancel().catch(() => undefined);
  }
}

function tooLarge(): T2lError {
  return new T2lError(
    'body_too_large',
    `The body must have at most ${MAX_BODY_BYTES.toLocaleString('en')} bytes.`,
  );
}
