/**
 * What an answer means: a document, a problem document (RFC 9457), or something that no endpoint
 * sends, such as the page of a proxy. Each of them has its own code.
 */
import * as z from 'zod';
import type { ErrorCode } from '../contract/error-codes.ts';
import { T2lError } from '../contract/errors.ts';
import { parseRetryAfter } from './retry.ts';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Characters of a foreign answer that are quoted. */
const MAX_QUOTE = 120;

const problemSchema = z.looseObject({ code: z.string(), detail: z.string() });

/**
 * The document of a successful answer.
 *
 * @param call the method and the path, for the message
 */
export function documentOf<Schema extends z.ZodType>(
  schema: Schema,
  answer: Answer,
  call: string,
): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(answer, call));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new T2lError(
      'answer_unexpected',
      `${call}: the answer is not the document that this client knows ` +
        `(${issue?.path.join('.') || 'as a whole'}: ${issue?.message}).`,
    );
  }
  return parsed.data;
}

/** The documents of a successful answer that has one a line. */
export function linesOf<Schema extends z.ZodType>(
  schema: Schema,
  answer: Answer,
  call: string,
): z.output<Schema>[] {
  // The last line has an end too, if the answer is whole.
  const lines = textOf(answer).split('\n').slice(0, -1);
  return lines.map((line) => {
    const bytes = new Uint8Array(new TextEncoder().encode(line));
    return documentOf(schema, { ...answer, bytes }, call);
  });
}

/** The error of an answer that is not a success. */
export function problemOf(answer: Answer, call: string): T2lError {
  const parsed = problemSchema.safeParse(jsonOf(answer, call));
  if (!parsed.success) {
    return new T2lError(
      'answer_unexpected',
      `${call}: status ${answer.status} without a problem document: ${quote(answer)}`,
      { extra: { answered: answer.status } },
    );
  }
  const { code, detail, type: _type, title: _title, status: _status, ...extra } = parsed.data;
  const retryAfter = parseRetryAfter(answer.headers.get('retry-after'), Date.now());
  // A newer endpoint may have codes that are not known here; they reach the caller as they are.
  return new T2lError(code as ErrorCode, detail, {
    status: answer.status,
    extra: {
      ...extra,
      ...(retryAfter !== undefined && { retry_after_ms: retryAfter }),
    },
  });
}

/** Refuses web pages: no path that this client asks for has one. */
export function refusePage(answer: Answer, call: string): void {
  if (/^text\/html\b/i.test(answer.headers.get('content-type') ?? '')) {
    const title = /<title[^>]*>([^<]*)/i.exec(textOf(answer))?.[1]?.trim();
    throw new T2lError(
      'answer_html',
      `${call}: the answer is a web page (status ${answer.status}, "${(title ?? '').slice(0, MAX_QUOTE)}"); ` +
        'the endpoint must be a t2l endpoint, reached without a proxy that answers for it.',
      { extra: { answered: answer.status } },
    );
  }
}

function jsonOf(answer: Answer, call: string): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    throw new T2lError(
      'answer_not_json',
      `${call}: the answer (status ${answer.status}) is not JSON: ${quote(answer)}`,
      { extra: { answered: answer.status } },
    );
  }
}

function textOf({ bytes }: Answer): string {
  return new TextDecoder().decode(bytes);
}

function quote(answer: Answer): string {
  return JSON.stringify(textOf(answer).slice(0, MAX_QUOTE));
}
