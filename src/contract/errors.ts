/**
 * The one error of this project. Anything may throw it; src/api/problem.ts alone turns it into an
 * RFC 9457 problem document. A code never changes its meaning once released; the detail is a sentence
 * that says what would be right.
 */
import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/** What an error may carry beside its code and its sentence. */
export interface ErrorDetails {
  /** One of the code's statuses; the first of them if left out. */
  readonly status?: number | undefined;
  /** Further members of the problem document, for example the supported values. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /** What failed below. It is for logs: no answer shows it. */
  readonly cause?: unknown;
}

/** A failure that the caller is told about, with a stable `code` and an HTTP `status`. */
export class T2lError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, details: ErrorDetails = {}) {
    const { status = ERROR_CODES[code][0][0], extra = {}, cause } = details;
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'T2lError';
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.extra = extra;
  }
}

/**
 * Runs work that may find a bundle broken, and blames the right side for it: whoever registers such
 * a bundle (422), or the endpoint that serves it (500).
 */
export async function blamingBundlesOn<T>(
  side: 'caller' | 'endpoint',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof T2lError && error.code.startsWith('bundle_')) {
      throw new T2lError(error.code, error.detail, {
        status: side === 'caller' ? 422 : 500,
        extra: error.extra,
        cause: error,
      });
    }
    throw error;
  }
}
