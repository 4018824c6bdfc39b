/**
 * Embeddings from a service over HTTP, in the two dialects that embedding servers speak: OpenAI's
 * `POST /v1/embeddings` (vLLM, llama.cpp, Ollama, ...) and text-embeddings-inference's `POST /embed`.
 */
import * as z from 'zod';
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { withoutText } from '../contract/log.ts';
import type { RawEncoder } from './index.ts';

/** Where the embedding service is and how to talk to it. */
export interface HttpEncoderOptions {
  /** Base URL; the dialect's path is appended. */
  readonly url: string;
  /** `openai` unless said otherwise. */
  readonly dialect?: 'openai' | 'tei' | undefined;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /**
   * Whether errors quote what the service or the network said: to the person who runs it, never to
   * the public, for it may name hosts, keys and files. Otherwise it is logged.
   */
  readonly quoting?: boolean | undefined;
  readonly fetch?: typeof fetch | undefined;
}

type HttpEncoderSpec = Extract<Manifest['encoder'], { kind: 'http' }>;

/** One sentence takes milliseconds; a service that needs longer is down or overloaded. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Characters of an error answer that are repeated to the caller. */
const ERROR_EXCERPT = 200;

const vector = z.array(z.number());

const DIALECTS = {
  openai: {
    path: '/v1/embeddings',
    body: (spec: HttpEncoderSpec, text: string) => ({
      model: spec.model,
      input: [text],
      encoding_format: 'float',
    }),
    // An array of exactly one: the vector of the one text sent.
    answer: z
      .object({ data: z.tuple([z.object({ embedding: vector })]) })
      .transform(({ data }) => data[0].embedding),
  },
  tei: {
    path: '/embed',
    // Normalisation is the manifest's business; too long a text is cut as the local encoder cuts it.
    body: (_spec: HttpEncoderSpec, text: string) => ({
      inputs: [text],
      normalize: false,
      truncate: true,
    }),
    answer: z.tuple([vector]).transform(([first]) => first),
  },
} as const;

/** An encoder that asks a service. */
export function createHttpEncoder(spec: HttpEncoderSpec, options: HttpEncoderOptions): RawEncoder {
  const { token, timeoutMs = DEFAULT_TIMEOUT_MS, dialect: name = 'openai' } = options;
  // Settings of the Worker are text that nothing has checked.
  const dialect = Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined;
  const { protocol, host } = URL.canParse(options.url) ? new URL(options.url) : {};
  if (dialect === undefined || (protocol !== 'http:' && protocol !== 'https:')) {
    throw new T2lError(
      'encoder_not_configured',
      `ENCODER_URL must be an http(s) address and ENCODER_DIALECT one of ${Object.keys(DIALECTS).join(', ')}.`,
    );
  }
  const url = `${options.url.replace(/\/+$/, '')}${dialect.path}`;
  const said = (text: string, sent: string) => {
    if (options.quoting) {
      return `: ${text.slice(0, ERROR_EXCERPT)}`;
    }
    console.error(`${host}: ${withoutText(text, sent).slice(0, ERROR_EXCERPT)}`);
    return "; the endpoint's log says more.";
  };
  // Called as a plain function: workerd refuses a fetch that is called as a method.
  const send = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  return async (text) => {
    let status: number;
    let body: string;
    try {
      const response = await send(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(dialect.body(spec, text)),
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = response.status;
      body = await response.text();
    } catch (cause) {
      throw failure(cause, timeoutMs, (words) => said(words, text));
    }
    if (status < 200 || status > 299) {
      throw new T2lError(
        'encoder_unavailable',
        `The embedding service answered ${status}${said(body, text)}`,
      );
    }
    return parseAnswer(dialect.answer, body);
  };
}

function parseAnswer(schema: z.ZodType<number[]>, body: string): number[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new T2lError(
      'encoder_answer_invalid',
      'The embedding service answered with something other than one vector of numbers.',
    );
  }
  return parsed.data;
}

function failure(cause: unknown, timeoutMs: number, said: (text: string) => string): T2lError {
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return new T2lError(
      'encoder_timeout',
      `The embedding service did not answer within ${timeoutMs} ms.`,
    );
  }
  return new T2lError(
    'encoder_unavailable',
    `The embedding service cannot be reached${said(cause instanceof Error ? cause.message : String(cause))}`,
  );
}
