/**
 * Cloudflare's REST API for fine-tunes, the three calls of it that publishing needs:
 *
 *   GET  /accounts/{account}/ai/finetunes                          list
 *   POST /accounts/{account}/ai/finetunes                          {model, name, description}
 *   POST /accounts/{account}/ai/finetunes/{id}/finetune-assets     multipart: file_name, file
 *
 * Every answer is the envelope {success, errors, result}; the API reference shows `result` of the list
 * as one object and the client libraries read an array, so both are taken. The token goes into one
 * header and nowhere else: it is cut out of everything that others wrote.
 */
import * as z from 'zod';
import { T2lError } from '../errors.ts';
import { parseRetryAfter, TryAgain } from './patience.ts';

/** How the API is reached. */
export interface WorkersAiConnection {
  readonly accountId: string;
  readonly apiToken: string;
  readonly api: string;
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal | undefined;
}

/** One fine-tune of an account. */
export type Finetune = z.infer<typeof finetuneSchema>;

/** One page of an account's fine-tunes. */
export interface FinetunePage {
  readonly finetunes: readonly Finetune[];
  /** How many there are on all pages, where Cloudflare says so. */
  readonly total: number | undefined;
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
/** A call without a file takes a second; one with 300 MB over a slow line takes minutes. */
const CALL_TIMEOUT_MS = 60_000;
const UPLOAD_TIMEOUT_MS = 15 * 60_000;

const finetuneSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  model: z.string(),
  description: z.string().nullish(),
});

const envelopeSchema = z.object({
  success: z.boolean(),
  errors: z
    .array(z.object({ code: z.number().optional(), message: z.string().optional() }))
    .nullish(),
  result: z.unknown().optional(), // an upload has none
  result_info: z.object({ total_count: z.number().optional() }).nullish(),
});

const listSchema = z.union([
  z.array(finetuneSchema),
  finetuneSchema.transform((one) => [one]),
  z.null().transform(() => []),
]);

/** One page of the fine-tunes of an account; the first is asked for without a page number. */
export async function listFinetunes(
  connection: WorkersAiConnection,
  page: number,
): Promise<FinetunePage> {
  const query = page === 1 ? '' : `?page=${page}`;
  const envelope = await call(connection, 'list the fine-tunes', `finetunes${query}`, {
    method: 'GET',
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const finetunes = listSchema.safeParse(envelope.result);
  if (!finetunes.success) {
    throw invalidAnswer('list the fine-tunes');
  }
  return { finetunes: finetunes.data, total: envelope.result_info?.total_count };
}

/** Makes a fine-tune without files. */
export async function createFinetune(
  connection: WorkersAiConnection,
  body: { model: string; name: string; description: string },
): Promise<Finetune> {
  const envelope = await call(connection, 'create the fine-tune', 'finetunes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const finetune = finetuneSchema.safeParse(envelope.result);
  if (!finetune.success) {
    throw invalidAnswer('create the fine-tune');
  }
  return finetune.data;
}

/** Gives a fine-tune one of its files. */
export async function uploadAsset(
  connection: WorkersAiConnection,
  finetuneId: string,
  file: { name: string; type: string; bytes: Uint8Array },
): Promise<void> {
  const form = new FormData();
  form.set('file_name', file.name);
  form.set(
    'file',
    new Blob([file.bytes as Uint8Array<ArrayBuffer>], { type: file.type }),
    file.name,
  );
  const path = `finetunes/${encodeURIComponent(finetuneId)}/finetune-assets`;
  await call(connection, `upload ${file.name}`, path, {
    method: 'POST',
    body: form,
    timeoutMs: UPLOAD_TIMEOUT_MS,
  });
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData;
  readonly timeoutMs: number;
}

async function call(
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
      502,
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
        429,
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
        502,
        `Cloudflare could not ${doing} (status ${status}): ${reasons}`,
      ),
    );
  }
  const tokenIsBad = envelope?.errors?.some(({ code }) => TOKEN_ERRORS.includes(code ?? 0));
  if (status === 401 || status === 403 || (status === 400 && tokenIsBad)) {
    throw new T2lError(
      'publish_unauthorized',
      403,
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

function invalidAnswer(doing: string): T2lError {
  return new T2lError(
    'publish_answer_invalid',
    502,
    `Cloudflare's answer when asked to ${doing} is not what its API describes.`,
  );
}
