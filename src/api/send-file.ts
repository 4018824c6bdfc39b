/** Answering with a file of fixed bytes: entity tag, HEAD, one byte range. Whose file it is, others know. */
import type { Context } from 'hono';
import type { ByteRange } from '../store/blobs.ts';
import { noneMatchNames, parseRange } from './range.ts';
import type { AppEnv } from './route.ts';

/**
 * A year, for bytes that an address always means. And these bytes: a proxy that compressed them would
 * have to drop the strong entity tag and the ranges with it.
 */
export const IMMUTABLE = 'public, max-age=31536000, immutable, no-transform';

/** What is known of a file before its bytes are read. */
export interface SentFile {
  /** Its strong entity tag, with quotes. */
  readonly etag: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** The bytes, or a part of them. */
  read(range: ByteRange | undefined): Promise<ReadableStream | Uint8Array>;
  /** What HEAD sets going besides, if anything. */
  announce?(): Promise<void>;
}

/**
 * The answer to GET or HEAD.
 *
 * @param extra headers besides those that every file has
 * @throws T2lError `range_malformed` or `range_unsatisfiable`, or what `read` throws
 */
export async function sendFile(
  c: Context<AppEnv>,
  file: SentFile,
  extra: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const headers = new Headers({
    ETag: file.etag,
    ...extra,
    'Cache-Control': file.cacheControl,
    'Accept-Ranges': 'bytes',
  });
  if (noneMatchNames(c.req.header('if-none-match'), file.etag)) {
    return new Response(null, { status: 304, headers });
  }
  headers.set('Content-Type', file.contentType);
  headers.set('Content-Length', String(file.bytes));
  if (c.req.method === 'HEAD') {
    await file.announce?.();
    return new Response(null, { headers });
  }
  const range = parseRange(c.req.header('range'), c.req.header('if-range'), file.etag, file.bytes);
  if (range !== undefined) {
    const last = range.offset + range.length - 1;
    headers.set('Content-Range', `bytes ${range.offset}-${last}/${file.bytes}`);
    headers.set('Content-Length', String(range.length));
  }
  const body = await file.read(range);
  return new Response(body as BodyInit, { status: range ? 206 : 200, headers });
}
