/**
 * One call of Cloudflare's REST API, and what its answer means. Every answer is the envelope {success,
 * errors, result}. A status that may pass becomes TryAgain, a refusal that only the caller can explain
 * a Refusal, anything else the error that the user sees. The token goes into one header and nowhere
 * else: it is cut out of everything that others wrote.
 */
import * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { parseRetryAfter, TryAgain } from './patience.ts';

/** How the API is reached. */
export interface WorkersAiConnection {
  readonly accountId: string;
  readonly apiToken: string;
  readonly api: string;
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that a status below 500 other than 429 came with, and that was no success. */
export class Refusal extends Error {
  readonly status: number;
  readonly reasons: string;

  constructor(status: number, reasons: string) {
    super(`${status}: ${reasons}`);
    this.status = status;
    this.reasons = reasons;
  }
}

/** Cloudflare's codes for a token it cannot read; they come with status 400. */
const TOKEN_ERRORS: readonly number[] = [6003, 9106, 9109, 10000];
/** Characters of Cloudflare's messages that are repeated. */
const REASON_CHARACTERS = 300;

const envelopeSchema = z.object({
  success: z.boolean(),
  errors: z
    .array(z.object({ code: z.number().optional(), message: z.string().optional() }))
    .nullish(),
  result: z.unknown().optional(), // an upload has none
  result_info: z.object({ total_count: z.number().optional() }).nullish(),
});

/** A call below the account's `ai/`. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData;
  readonly timeoutMs: number;
}

/**
 * Makes a call and returns the envelope of its success.
 *
 * @param doing what the call is for, as an infinitive, for messages
 */
export async function call(
  { accountId, apiToken, api, fetch: send, signal }: WorkersAiConnection,
  doing: string,
  path: string,
  { method, headers = {}, body, timeoutMs }: Call,
): Promise<z.infer<typeof envelopeSchema>> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await send(`${api}/accounts/${accountId}/ai/${path}`, {
      method,
      headers: { accept: 'application/json', authorization: `Bearer ${apiToken}`, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = withoutToken(await response.text(), apiToken);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new T2lError(
      'publish_interrupted',
      `The connection to Cloudflare failed while trying to ${doing}: ${withoutToken(reasonOf(cause), apiToken)}.`,
    );
  }
  const envelope = envelopeSchema.safeParse(parseJson(text)).data;
  const reasons = reasonsOf(envelope, text);
  const { status } = response;
  if (status === 429) {
    const waitMs = parseRetryAfter(response.headers.get('retry-after'));
    throw new TryAgain(
      waitMs,
      new T2lError(
        'publish_rate_limited',
        `Cloudflare takes no more calls for now while trying to ${doing}` +
          `${waitMs === undefined ? '' : `, for another ${Math.ceil(waitMs / 1000)} s`}: ${reasons}`,
      ),
    );
  }
  if (status >= 500) {
    throw new TryAgain(
      undefined,
      new T2lError(
        'publish_unavailable',
        `Cloudflare could not ${doing} (status ${status}): ${reasons}`,
      ),
    );
  }
  const tokenIsBad = envelope?.errors?.some(({ code }) => TOKEN_ERRORS.includes(code ?? 0));
  if (status === 401 || status === 403 || (status === 400 && tokenIsBad)) {
    throw new T2lError(
      'publish_unauthorized',
      `Cloudflare does not let this token ${doing} (status ${status}: ${reasons}). It needs the ` +
        `permission "Workers AI: Edit" (in the API reference "Workers AI Write") for account ${accountId}.`,
    );
  }
  if (status >= 400 || (envelope !== undefined && !envelope.success)) {
    throw new Refusal(status, reasons);
  }
  if (envelope === undefined || status >= 300) {
    throw invalidAnswer(doing);
  }
  return envelope;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonsOf(envelope: z.infer<typeof envelopeSchema> | undefined, text: string): string {
  const reasons = (envelope?.errors ?? []).map(({ code, message = 'no message' }) =>
    code === undefined ? message : `${message} (code ${code})`,
  );
  const said = reasons.length > 0 ? reasons.join('; ') : text.replace(/\s+/gu, ' ').trim();
  return said === '' ? 'no reason given' : said.slice(0, REASON_CHARACTERS);
}

/** Node puts what happened to a connection into the cause of "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { cause } = error;
  return cause instanceof Error && cause.message !== ''
    ? `${error.message} (${cause.message})`
    : error.message;
}

function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, '[token]');
}

/** The error of an answer that is not of the form that the API's reference gives. */
export function invalidAnswer(doing: string): T2lError {
  return new T2lError(
    'publish_answer_invalid',
    `Cloudflare's answer when asked to ${doing} is not what its API describes.`,
  );
}
