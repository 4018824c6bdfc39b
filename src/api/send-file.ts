/**
 * Answering with a file of fixed bytes: entity tag, sha256, HEAD, one byte range. Whose file it is,
 * others know. Every answer says how long it is, wherever its bytes come from: the platform sends a
 * stream of unknown length in chunks and without Content-Length, and a client that goes on with half a
 * file cannot tell whether it has all of it.
 */
import { reprDigest } from '../contract/repr-digest.ts';
import type { KeptContent, MadeContent } from '../pipeline/layout-file.ts';
import { type ByteRange, partOf } from '../store/blobs.ts';
import { noneMatchNames, parseRange } from './range.ts';

/**
 * A year, for bytes that an address always means. And these bytes: a proxy that compressed them would
 * have to drop the strong entity tag and the ranges with it.
 */
export const IMMUTABLE = 'public, max-age=31536000, immutable, no-transform';

/** For bytes that a release may change, as it words cards anew; the entity tag says whether it did. */
export const REVALIDATED = 'public, max-age=300, no-transform';

/** The bytes of a file, and their sha256 where it is known before they are read. */
export type FileContent = KeptContent | Omit<MadeContent, 'weights'>;

/** A file: what is known of it before its bytes are read, and how they are. */
export type SentFile = FileContent & {
  /** Its strong entity tag, with quotes. */
  readonly etag: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Whether its streams say themselves how long they are, as those of a response or of R2 do. */
  readonly sized?: boolean;
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
  { method, headers: asked }: Request,
  file: SentFile,
  extra: Readonly<Record<string, string>> = {},
): Promise<Response> {
  if (noneMatchNames(asked.get('if-none-match') ?? undefined, file.etag)) {
    return notModified(file, extra);
  }
  const headers = new Headers({
    ...extra,
    ETag: file.etag,
    'Cache-Control': file.cacheControl,
    'Accept-Ranges': 'bytes',
  });
  headers.set('Content-Type', file.contentType);
  headers.set('Content-Length', String(file.bytes));
  if (method === 'HEAD') {
    if (file.sha256 !== undefined) {
      headers.set('Repr-Digest', reprDigest(file.sha256));
    }
    await file.announce?.();
    return new Response(null, { headers });
  }
  const [wanted, ifRange] = [asked.get('range') ?? undefined, asked.get('if-range') ?? undefined];
  const range = parseRange(wanted, ifRange, file.etag, file.bytes);
  if (range !== undefined) {
    const last = range.offset + range.length - 1;
    headers.set('Content-Range', `bytes ${range.offset}-${last}/${file.bytes}`);
    headers.set('Content-Length', String(range.length));
  }
  const { body, sha256 } = await readContent(file, range);
  headers.set('Repr-Digest', reprDigest(sha256));
  const sent = file.sized ? body : ofLength(body, range?.length ?? file.bytes);
  return new Response(sent as BodyInit, {
    status: range ? 206 : 200,
    headers,
  });
}

/** The answer to who has the file: what a file is besides, it knows. */
export function notModified(
  { etag, cacheControl }: Pick<SentFile, 'etag' | 'cacheControl'>,
  extra: Readonly<Record<string, string>>,
): Response {
  const headers = { ...extra, ETag: etag, 'Cache-Control': cacheControl };
  return new Response(null, { status: 304, headers });
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
