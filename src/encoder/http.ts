/**
 * Embeddings from a service over HTTP, in the two dialects that embedding servers speak: OpenAI's
 * `POST /v1/embeddings` (vLLM, llama.cpp, Ollama, ...) and text-embeddings-inference's `POST /embed`.
 * A service that sends on to another address is not followed there: `remote/ask.ts` says why.
 */
import * as z from 'zod';
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { logLine, withoutText } from '../contract/log.ts';
import { ask, isHttpAddress, jsonIn } from '../remote/ask.ts';
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
  if (dialect === undefined || !isHttpAddress(options.url)) {
    throw new T2lError(
      'encoder_not_configured',
      `ENCODER_URL must be an http(s) address and ENCODER_DIALECT one of ${Object.keys(DIALECTS).join(', ')}.`,
    );
  }
  const { host } = new URL(options.url);
  const url = `${options.url.replace(/\/+$/, '')}${dialect.path}`;
  const said = (text: string, sent: string) => {
    if (options.quoting) {
      return `: ${text.slice(0, ERROR_EXCERPT)}`;
    }
    logLine('error', 'encoder failed', {
      host,
      error: withoutText(text, sent).slice(0, ERROR_EXCERPT),
    });
    return "; the endpoint's log says more.";
  };
  return async (text) => {
    const body = dialect.body(spec, text);
    const reply = await ask({ url, body, token, timeoutMs, fetch: options.fetch });
    switch (reply.kind) {
      case 'late':
        throw new T2lError(
          'encoder_timeout',
          `The embedding service did not answer within ${timeoutMs} ms.`,
        );
      case 'unreachable':
        throw new T2lError(
          'encoder_unavailable',
          `The embedding service cannot be reached${said(wordsOf(reply.cause), text)}`,
        );
      case 'redirect':
        throw new T2lError(
          'encoder_unavailable',
          `The embedding service answered with a redirect (${reply.status}), which is not followed; ` +
            'ENCODER_URL must be the address that answers itself.',
        );
      case 'answer':
        if (reply.status < 200 || reply.status > 299) {
          throw new T2lError(
            'encoder_unavailable',
            `The embedding service answered ${reply.status}${said(reply.body, text)}`,
          );
        }
        return parseAnswer(dialect.answer, reply.body);
    }
  };
}

function parseAnswer(schema: z.ZodType<number[]>, body: string): number[] {
  const parsed = schema.safeParse(jsonIn(body));
  if (!parsed.success) {
    throw new T2lError(
      'encoder_answer_invalid',
      'The embedding service answered with something other than one vector of numbers.',
    );
  }
  return parsed.data;
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
