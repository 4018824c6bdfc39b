/**
 * The door of the Worker: what this isolate has seen within the last minute is answered here, with what the
 * routes would answer, and everything else goes on to them. The routes look at a request for some tenth of a
 * millisecond, and ask D1 or R2; here a client that has the bytes is told so at once, and one that wants
 * them gets the copy of this data center.
 *
 *   GET, HEAD /v1/adapters/{id}/{file}          stored files: 304, heads, and the copy or a part of it
 *   GET /t2l/{id}/resolve/{revision}/{file}     the same; a head has the file made again if need be
 *   GET /v1/adapters/{id}                       304 only
 *
 * Only where anybody may read, only whole ids as they are written, no query, and once a minute not even
 * those: then the routes see that the adapter is still there, and note that it is used.
 */
import { commitOf } from '../contract/repository-names.ts';
import type { Env } from '../env.ts';
import type { ByteRange } from '../store/blobs.ts';
import { openCopy } from '../store/file-cache.ts';
import { type Recorded, recordedIn } from '../store/recorded.ts';
import type { StoredFile } from '../store/schema.ts';
import { scopeFor } from './access.ts';
import { CROSS_ORIGIN_HEADERS } from './cors.ts';
import { countAnswer } from './counting.ts';
import { addressIn, DOCUMENT_CACHING, pathBegin } from './document-etag.ts';
import { hubHeaders, resolved } from './hub/files.ts';
import { etagOf, noneMatchNames } from './range.ts';
import { keepReady, type Ready, readyFor } from './ready-answers.ts';
import { IMMUTABLE, notModified, type SentFile, sendFile } from './send-file.ts';
import { totalOnly } from './timing.ts';

const ADAPTER = /^\/v1\/adapters\/([0-9a-f]{64})(?:\/([\w.]+))?$/;
/** The routes that would answer these, as answers are counted by them. */
const FILE_ROUTE = '/v1/adapters/:id/:file';
const DOCUMENT_ROUTE = '/v1/adapters/:id';
const HUB_ROUTE = '/:namespace/:name/resolve/:revision/:path{[\\s\\S]+}';
const RESOLVED = /^\/t2l\/([0-9a-f]{64})\/resolve\/(main|[0-9a-f]{40})\/([\w.]+)$/;

/** What every answer has. */
const COMMON = { ...CROSS_ORIGIN_HEADERS, 'X-Content-Type-Options': 'nosniff' };
/** What an answer has for which nobody was asked. */
const AT_ONCE = { ...COMMON, 'Server-Timing': totalOnly(0) };

/** What is known of a file: all but how its bytes are read. */
type Known = Omit<SentFile, 'read' | 'sha256'> & { readonly sha256: string; readonly name: string };

/** A request, and what answering it takes. */
interface Asked {
  readonly request: Request;
  readonly env: Env;
  readonly context: Pick<ExecutionContext, 'waitUntil'>;
  readonly recorded: Recorded;
}

type Answer = Promise<Response | undefined> | Response | undefined;

/** The answer to a request, if it is known; undefined sends it on to the routes. */
export function answerKnown(request: Request, env: Env, context: Asked['context']): Answer {
  const { method, url, headers } = request;
  if ((method !== 'GET' && method !== 'HEAD') || scopeFor('read', env) !== undefined) {
    return undefined;
  }
  // What is wrong with If-Match, the routes say.
  if (headers.has('if-match')) {
    return undefined;
  }
  const recorded = recordedIn(env.DB);
  const asked = { request, env, context, recorded };
  const tag = headers.get('if-none-match');
  const ready = readyFor(url, tag, recorded);
  if (ready !== undefined) {
    return counted(ready.answer, ready.route, asked);
  }
  const path = url.slice(pathBegin(url));
  const [, id, name] = ADAPTER.exec(path) ?? [];
  if (id !== undefined) {
    return name === undefined ? document(asked, id, tag) : storedFile(asked, id, name);
  }
  const [, hubId, revision, hubName] = RESOLVED.exec(path) ?? [];
  return method === 'GET' && hubId && revision && hubName
    ? hubFile(asked, { id: hubId, revision, name: hubName })
    : undefined;
}

/** Counts an answer as the routes do. */
function counted(
  answer: Response,
  route: string,
  { request: { method }, env, context }: Asked,
  total = 0,
): Response {
  countAnswer(answer, { method, route, total }, env, (work) => context.waitUntil(work));
  return answer;
}

/** Gives an answer and keeps it for who asks again. */
function again(ready: Ready, asked: Asked): Response {
  keepReady(asked.request.url, ready, asked.recorded);
  return counted(ready.answer, ready.route, asked);
}

function document(asked: Asked, id: string, tag: string | null): Response | undefined {
  const known = tag === null ? undefined : asked.recorded.tagOf(id, addressIn(asked.request.url));
  if (tag === null || known === undefined || !noneMatchNames(tag, known.tag)) {
    return undefined;
  }
  const headers = { ...AT_ONCE, ETag: known.tag, 'Cache-Control': DOCUMENT_CACHING };
  const answer = new Response(null, { status: 304, headers });
  return again({ id, route: DOCUMENT_ROUTE, answer, ...known }, asked);
}

function storedFile(asked: Asked, id: string, name: string): Answer {
  const file = seen(id, name, asked.recorded);
  const known = file && { ...file, etag: etagOf(file.sha256), cacheControl: IMMUTABLE };
  return known && send(asked, id, known, FILE_ROUTE, {});
}

interface Resolved {
  readonly id: string;
  readonly revision: string;
  readonly name: string;
}

function hubFile(asked: Asked, { id, revision, name }: Resolved): Answer {
  const commit = commitOf(id);
  const file = seen(id, name, asked.recorded);
  if (file === undefined || (revision !== 'main' && revision !== commit)) {
    return undefined;
  }
  const known = resolved(file, revision === commit);
  return send(asked, id, known, HUB_ROUTE, hubHeaders(file, commit));
}

function seen(id: string, name: string, recorded: Recorded): StoredFile | undefined {
  return recorded.seen(id)?.find((one) => one.name === name);
}

function send(
  asked: Asked,
  id: string,
  file: Known,
  route: string,
  extra: Readonly<Record<string, string>>,
): Answer {
  const noneMatch = asked.request.headers.get('if-none-match') ?? undefined;
  if (!noneMatchNames(noneMatch, file.etag)) {
    return sendCopy(asked, id, file, route, { ...COMMON, ...extra });
  }
  const answer = notModified(file, { ...AT_ONCE, ...extra });
  // As long as the adapter is there, its files are these.
  const ready = { id, route, tag: file.etag, answer, until: Number.POSITIVE_INFINITY };
  return again(ready, asked);
}

async function sendCopy(
  asked: Asked,
  id: string,
  file: Known,
  route: string,
  extra: Readonly<Record<string, string>>,
): Promise<Response | undefined> {
  const start = performance.now();
  async function read(range?: ByteRange): Promise<ReadableStream | Uint8Array> {
    const copy = await openCopy(id, file.name, range);
    if (copy?.file.sha256 !== file.sha256) {
      throw new Error('there is no such copy');
    }
    return copy.body;
  }
  try {
    const answer = await sendFile(asked.request, { ...file, sized: true, read }, extra);
    const total = performance.now() - start;
    answer.headers.set('Server-Timing', totalOnly(total));
    return counted(answer, route, asked, total);
  } catch {
    // Without a copy, or with a range that is wrong, it is for the routes.
    return undefined;
  }
}
