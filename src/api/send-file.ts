/**
 * Answering with a file of fixed bytes: entity tag, sha256, HEAD, one byte range. Whose file it is,
 * others know. Every answer says how long it is, wherever its bytes come from: the platform sends a
 * stream of unknown length in chunks and without Content-Length, and a client that goes on with half a
 * file cannot tell whether it has all of it.
 */
import type { Context } from 'hono';
import { reprDigest } from '../contract/repr-digest.ts';
import type { KeptContent, MadeContent } from '../pipeline/layout-file.ts';
import { type ByteRange, partOf } from '../store/blobs.ts';
import { noneMatchNames, parseRange } from './range.ts';
import type { AppEnv } from './route.ts';

/**
 * A year, for bytes that an address always means. And these bytes: a proxy that compressed them would
 * have to drop the strong entity tag and the ranges with it.
 */
export const IMMUTABLE = 'public, max-age=31536000, immutable, no-transform';

/** For bytes that a release may change, as it words cards anew; the entity tag says whether it did. */
export const REVALIDATED = 'public, max-age=300, no-transform';

/** A file: what is known of it before its bytes are read, and how they are. */
export type SentFile = (KeptContent | Omit<MadeContent, 'weights'>) & {
  /** Its strong entity tag, with quotes. */
  readonly etag: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** What HEAD sets going besides, if anything. */
  announce?(): Promise<void>;
};

/**
 * The answer to GET or HEAD. HEAD has no Repr-Digest where it would take the making of the bytes.
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
    if (file.sha256 !== undefined) {
      headers.set('Repr-Digest', reprDigest(file.sha256));
    }
    await file.announce?.();
    return new Response(null, { headers });
  }
  const range = parseRange(c.req.header('range'), c.req.header('if-range'), file.etag, file.bytes);
  if (range !== undefined) {
    const last = range.offset + range.length - 1;
    headers.set('Content-Range', `bytes ${range.offset}-${last}/${file.bytes}`);
    headers.set('Content-Length', String(range.length));
  }
  const { body, sha256 } = await readContent(file, range);
  headers.set('Repr-Digest', reprDigest(sha256));
  return new Response(ofLength(body, range?.length ?? file.bytes) as BodyInit, {
    status: range ? 206 : 200,
    headers,
  });
}

/** A body whose length the platform knows; a stream that ends early or late breaks the answer off. */
function ofLength(body: ReadableStream | Uint8Array, bytes: number): ReadableStream | Uint8Array {
  return body instanceof ReadableStream ? body.pipeThrough(new FixedLengthStream(bytes)) : body;
}

/** What is asked for, and the sha256 of the whole. */
async function readContent(
  content: SentFile,
  range: ByteRange | undefined,
): Promise<{ body: ReadableStream | Uint8Array; sha256: string }> {
  if (content.sha256 !== undefined) {
    return { body: await content.read(range), sha256: content.sha256 };
  }
  const { bytes, sha256 } = await content.read();
  return { body: partOf(bytes, range), sha256 };
}
