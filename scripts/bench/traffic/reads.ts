/**
 * The reads of the traffic: what is asked of an adapter, how often, and what the answer must be. Whatever was
 * read first of an adapter, every later answer is the same or a part of it.
 */
import { CONFIG_FILE, WEIGHTS_FILE } from '../../../src/adapter/peft.ts';
import { commitOf } from '../../../src/contract/repository-names.ts';
import { reprDigest } from '../../../src/contract/repr-digest.ts';
import type { Answer, Ask, Client } from './client.ts';
import { type Known, type KnownAdapter, sha256 } from './known.ts';
import type { Tally } from './tally.ts';

/** Gives the next uniform number in [0, 1). */
export type Draw = () => number;

interface Read {
  readonly kind: string;
  /** How often, beside the others. */
  readonly weight: number;
  ask(adapter: KnownAdapter, draw: Draw): Ask;
  /** What is wrong with an answer of 200, 206 or 304; undefined is right. */
  check(answer: Answer, adapter: KnownAdapter, ask: Ask): string | undefined;
}

/** A status of 2xx and 304 is right for what was asked, and nothing else is, but for these. */
const RIGHT = new Set([200, 206, 304]);
/** Lists and searches say nothing of what this driver does not know. */
const PAGE = 20;

const READS: readonly Read[] = [
  {
    kind: 'weights',
    weight: 22,
    ask: (one) => ({ path: fileOf(one, WEIGHTS_FILE) }),
    check: isFile,
  },
  { kind: 'config', weight: 6, ask: (one) => ({ path: fileOf(one, CONFIG_FILE) }), check: isFile },
  { kind: 'range', weight: 10, ask: partOfFile, check: isPart },
  { kind: 'weights, 304', weight: 12, ask: knownFile, check: isNotModified },
  {
    kind: 'Hub, weights',
    weight: 10,
    ask: (one, draw) => ({ path: resolve(one, draw) }),
    check: isFile,
  },
  {
    kind: 'Hub, head',
    weight: 4,
    ask: (one, draw) => ({ method: 'HEAD', path: resolve(one, draw) }),
    check: isHead,
  },
  {
    kind: 'Hub, info',
    weight: 2,
    ask: ({ document }) => ({ path: `/api/models/${document.repository}` }),
    check: isJson,
  },
  { kind: 'document', weight: 10, ask: (one) => ({ path: documentOf(one) }), check: isDocument },
  { kind: 'document, 304', weight: 10, ask: knownDocument, check: isDocument },
  { kind: 'card', weight: 2, ask: (one) => ({ path: fileOf(one, 'README.md') }), check: isSame },
  { kind: 'GGUF', weight: 2, ask: (one) => ({ path: fileOf(one, 'adapter.gguf') }), check: isSame },
  { kind: 'list', weight: 3, ask: () => ({ path: `/v1/adapters?limit=${PAGE}` }), check: isJson },
  {
    kind: 'search',
    weight: 3,
    ask: (_one, draw) => ({
      path: `/v1/adapters?limit=${PAGE}&q=number%20${Math.floor(draw() * 100)}`,
    }),
    check: isJson,
  },
];
const WEIGHTS = READS.reduce((sum, { weight }) => sum + weight, 0);
/** With it, half of what is drawn is of the first sixteenth. */
const SKEW = 4;
/** Of reads, this share asks for what was removed. */
const GONE_SHARE = 0.02;

/** Reads something of some adapter, and judges the answer. */
export async function readSomething(
  client: Client,
  known: Known,
  tally: Tally,
  draw: Draw,
): Promise<void> {
  const removed = draw() < GONE_SHARE && known.gone.length > 0;
  const from = removed ? known.gone : known.present;
  const adapter = someOf(from, draw);
  const read = drawn(draw);
  if (adapter === undefined) {
    return;
  }
  const ask = read.ask(adapter, draw);
  const wasGone = adapter.gone;
  const answer = await client.ask(ask);
  const kind = removed && isOf(adapter, ask) ? 'of a removed one' : read.kind;
  tally.add(kind, answer.ms, answerOf(answer));
  const what = `${ask.method ?? 'GET'} ${ask.path}: ${answerOf(answer)}`;
  if (RIGHT.has(answer.status)) {
    const problem = read.check(answer, adapter, ask);
    if (problem !== undefined) {
      tally.wrong.push(`${what}, ${problem}`);
    } else if (wasGone && isOf(adapter, ask)) {
      tally.unexplained.push(`${what}, although it was removed before`);
    }
  } else if (!isExplained(answer, adapter)) {
    tally.unexplained.push(what);
  }
}

/** One of a list: a few are asked for much more often than all the others, as it is anywhere. */
export function someOf<T>(from: readonly T[], draw: Draw): T | undefined {
  return from[Math.floor(draw() ** SKEW * from.length)];
}

/** The status, and the code of a problem. */
export function answerOf({ status, body }: Answer): string {
  const [, code] = status < 400 ? [] : (/"code":"(\w+)"/.exec(body.toString()) ?? []);
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** Whether there is a reason for an answer that is no success. */
export function isExplained({ status, headers }: Answer, adapter?: KnownAdapter): boolean {
  return (
    (status === 404 && adapter?.leaving === true) ||
    // Too many at once, or being made again: it says when to come back.
    ((status === 503 || status === 429) && headers['retry-after'] !== undefined)
  );
}

function drawn(draw: Draw): Read {
  let left = draw() * WEIGHTS;
  for (const read of READS) {
    left -= read.weight;
    if (left < 0) {
      return read;
    }
  }
  return READS[0] as Read;
}

/** Whether an address is of the adapter alone: lists are there without it. */
function isOf({ document }: KnownAdapter, { path }: Ask): boolean {
  return path.includes(document.id);
}

function documentOf({ document }: KnownAdapter): string {
  return `/v1/adapters/${document.id}`;
}

function fileOf(adapter: KnownAdapter, name: string): string {
  return `${documentOf(adapter)}/${name}`;
}

function resolve({ document }: KnownAdapter, draw: Draw): string {
  const revision = draw() < 0.5 ? 'main' : commitOf(document.id);
  return `/${document.repository}/resolve/${revision}/${WEIGHTS_FILE}`;
}

function tagOf({ document }: KnownAdapter): string {
  return `"${document.files[WEIGHTS_FILE]?.sha256}"`;
}

function knownFile(adapter: KnownAdapter): Ask {
  return { path: fileOf(adapter, WEIGHTS_FILE), headers: { 'if-none-match': tagOf(adapter) } };
}

/** By what was read first; the first time it is read. */
function knownDocument(adapter: KnownAdapter): Ask {
  const path = documentOf(adapter);
  const body = adapter.bodies.get(path);
  return { path, ...(body && { headers: { 'if-none-match': `"${sha256(body)}"` } }) };
}

/** Of a file that was read before; the first time it is all of it. */
function partOfFile(adapter: KnownAdapter, draw: Draw): Ask {
  if (!adapter.bodies.has(WEIGHTS_FILE)) {
    return { path: fileOf(adapter, WEIGHTS_FILE) };
  }
  const size = adapter.document.files[WEIGHTS_FILE]?.bytes ?? 0;
  const first = Math.floor(draw() * size);
  const last = Math.min(size - 1, first + Math.floor(draw() * 10_000));
  return { path: fileOf(adapter, WEIGHTS_FILE), headers: { range: `bytes=${first}-${last}` } };
}

/** A stored file has the sha256 that the document named from the first. */
function isFile({ status, body }: Answer, { document, bodies }: KnownAdapter, { path }: Ask) {
  const name = path.split('/').at(-1) ?? '';
  if (status !== 200 || sha256(body) !== document.files[name]?.sha256) {
    return `${body.length} bytes that are not those of the document`;
  }
  bodies.set(name, body);
  return undefined;
}

function isPart(answer: Answer, adapter: KnownAdapter, ask: Ask) {
  const [, first, last] = /(\d+)-(\d+)/.exec(ask.headers?.range ?? '') ?? [];
  const whole = adapter.bodies.get(WEIGHTS_FILE);
  if (first === undefined || whole === undefined) {
    return isFile(answer, adapter, ask);
  }
  const named = answer.headers['content-range'] === `bytes ${first}-${last}/${whole.length}`;
  const same = whole.subarray(Number(first), Number(last) + 1).equals(answer.body);
  return answer.status === 206 && named && same ? undefined : `not the part ${first}-${last}`;
}

function isNotModified({ status, headers, body }: Answer, adapter: KnownAdapter) {
  const right = status === 304 && headers.etag === tagOf(adapter) && body.length === 0;
  return right ? undefined : 'not that it is the same';
}

function isHead({ status, headers, body }: Answer, { document }: KnownAdapter) {
  const file = document.files[WEIGHTS_FILE];
  const said = [headers['x-linked-etag'], headers['x-linked-size'], headers['x-repo-commit']];
  const right = [`"${file?.sha256}"`, String(file?.bytes), commitOf(document.id)];
  return status === 200 && body.length === 0 && said.join() === right.join()
    ? undefined
    : `a head of ${said.join(', ')}`;
}

/** The same as the first time, or that it is; the first time what its digest says, if it has one. */
function isSame({ status, headers, body }: Answer, { bodies }: KnownAdapter, ask: Ask) {
  const before = bodies.get(ask.path);
  if (status === 304) {
    return ask.headers === undefined ? 'a 304 that nobody asked for' : undefined;
  }
  if (before !== undefined) {
    return before.equals(body)
      ? undefined
      : `${body.length} bytes, not the ${before.length} before`;
  }
  const digest = headers['repr-digest'];
  if (digest !== undefined && digest !== reprDigest(sha256(body))) {
    return 'bytes that are not those of its digest';
  }
  bodies.set(ask.path, body);
  return undefined;
}

/** The document, which names the files that it named when the adapter was made. */
function isDocument(answer: Answer, adapter: KnownAdapter, ask: Ask) {
  if (answer.status === 200) {
    const { files } = JSON.parse(answer.body.toString());
    if (JSON.stringify(files) !== JSON.stringify(adapter.document.files)) {
      return 'a document with other files';
    }
  }
  return isSame(answer, adapter, ask);
}

function isJson({ status, body }: Answer) {
  try {
    JSON.parse(body.toString());
    return status === 200 ? undefined : 'no document';
  } catch {
    return 'no JSON';
  }
}
