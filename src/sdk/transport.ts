/**
 * A call to the endpoint: request, tries, the whole answer. What fails before a server did anything
 * is tried again, within bounds; what a server may have done is repeated only if doing it twice is
 * doing it once.
 */
import { T2lError } from '../contract/errors.ts';
import { type Answer, problemOf, refusePage } from './answer.ts';
import type { ClientOptions } from './options.ts';
import { backoff, DEFAULT_RETRIES, MAX_WAIT_MS, parseRetryAfter, wait } from './retry.ts';
import { type Destination, send } from './send.ts';

/** One call. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query, from the endpoint's address on. */
  readonly path: string;
  readonly body?: unknown;
  /** Whether the call may be carried out twice. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Makes calls; throws the endpoint's problem as a T2lError. */
export type Transport = (call: Call) => Promise<Answer>;

/** 429 says that nothing was done; 503 may come from something in between. */
const TOO_MANY = 429;
const UNAVAILABLE = 503;

/**
 * Prepares calls to an endpoint.
 *
 * @throws T2lError `endpoint_malformed` or `token_malformed`
 */
export function createTransport(options: ClientOptions): Transport {
  const base = parseEndpoint(options.endpoint);
  const { token, retries = DEFAULT_RETRIES } = options;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new T2lError(
      'token_malformed',
      'The token must be visible ASCII characters without white space.',
    );
  }
  const destination: Destination = {
    // The global one must not be called as a method of an object.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    origin: new URL(base).origin,
    token,
  };
  return async (call) => {
    // The tries count too: one that ended after minutes of silence is not worth repeating.
    const started = performance.now();
    for (let attempt = 0; ; attempt++) {
      call.signal?.throwIfAborted();
      const { answer, failure, delay } = await attemptCall(destination, base, call, attempt);
      if (answer !== undefined) {
        return answer;
      }
      const ends = performance.now() - started + (delay ?? 0);
      if (delay === undefined || attempt >= retries || ends > MAX_WAIT_MS) {
        throw failure;
      }
      await wait(delay, call.signal);
    }
  };
}

/** What came of a try: an answer, or a failure and, if another try may help, when. */
type Outcome =
  | { answer: Answer; failure?: undefined; delay?: undefined }
  | { answer?: undefined; failure: unknown; delay?: number | undefined };

async function attemptCall(
  destination: Destination,
  base: string,
  call: Call,
  attempt: number,
): Promise<Outcome> {
  const name = `${call.method} ${base}${call.path}`;
  let answer: Answer;
  try {
    answer = await exchange(destination, base, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    if (error instanceof T2lError) {
      return { failure: error };
    }
    const failure = new T2lError(
      'endpoint_unreachable',
      `${name}: no answer (${reasonOf(error)}); the endpoint must be running and reachable.`,
    );
    return { failure, ...(call.repeatable && { delay: backoff(attempt) }) };
  }
  try {
    refusePage(answer, name);
    if (answer.status >= 200 && answer.status < 300) {
      return { answer };
    }
    throw misplaced(problemOf(answer, name), base);
  } catch (failure) {
    return { failure, delay: delayOf(answer, failure, call, attempt) };
  }
}

/** A path that the endpoint does not have, behind an address with a path: that is what is wrong. */
function misplaced(problem: T2lError, base: string): T2lError {
  const { origin, pathname } = new URL(base);
  return problem.code !== 'route_unknown' || pathname === '/'
    ? problem
    : new T2lError(
        problem.code,
        `There is no t2l endpoint at ${base}, but one answers at ${origin}: leave ${pathname} out of the endpoint.`,
        { status: problem.status, extra: problem.extra },
      );
}

async function exchange(destination: Destination, base: string, call: Call): Promise<Answer> {
  const response = await send(destination, call.method, `${base}${call.path}`, {
    headers: call.body === undefined ? {} : { 'content-type': 'application/json' },
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    ...(call.signal !== undefined && { signal: call.signal }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

/** When to try again; undefined: not at all. */
function delayOf(
  answer: Answer,
  failure: unknown,
  call: Call,
  attempt: number,
): number | undefined {
  const { status, headers } = answer;
  if (status !== TOO_MANY && !(status === UNAVAILABLE && call.repeatable)) {
    return undefined;
  }
  const asked = parseRetryAfter(headers.get('retry-after'), Date.now());
  // An endpoint that wants to be asked again says when; a proxy often does not.
  const fromProxy = failure instanceof T2lError && failure.code.startsWith('answer_');
  return asked ?? (fromProxy ? backoff(attempt) : undefined);
}

/**
 * The address without its last slash, and without the `/v1` that other APIs have in their addresses: it
 * is part of every path here.
 *
 * @throws T2lError `endpoint_malformed`
 */
export function parseEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!plain || !/^https?:$/.test(url.protocol)) {
    throw new T2lError(
      'endpoint_malformed',
      'The endpoint must be an http or https URL without user, query and fragment, ' +
        'for example https://t2l.example.',
    );
  }
  return url.href.replace(/\/+$/, '').replace(/\/v1$/, '');
}

/** Runtimes hide the reason of a failed fetch in the cause, some only as a code. */
function reasonOf(error: unknown): string {
  const { cause, message } = (error ?? {}) as { cause?: unknown; message?: unknown };
  const inner = (cause ?? {}) as { message?: unknown; code?: unknown };
  return String(inner.message || inner.code || message || error);
}
