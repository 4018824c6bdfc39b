/** What went wrong, in words: the endpoint's problem documents, and what a page meets before them. */
import { ERROR_CODES, type ErrorCode } from '../contract/error-codes.ts';
import { T2lError } from '../contract/errors.ts';

/** A failure as it is shown. Plain data: it also comes from the worker. */
export interface Failure {
  readonly title: string;
  readonly detail: string;
  /** Whether the same may work later. */
  readonly again: boolean;
}

const ASKS_WHO = new Set([401, 403]);

/**
 * The words for an error.
 *
 * @param online whether the browser believes to have a network
 */
export function failureOf(error: unknown, online: boolean): Failure {
  if (!(error instanceof T2lError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return { title: 'Something in this page failed', detail, again: true };
  }
  const { code, detail, extra } = error;
  if (code === 'endpoint_unreachable') {
    return online ? UNANSWERED : OFFLINE;
  }
  const answered = typeof extra.answered === 'number' ? extra.answered : error.status;
  if (ASKS_WHO.has(answered)) {
    return {
      title: `The endpoint does not let you in (status ${answered})`,
      detail: `Something in front of it wants to know who asks: sign in there, or ask who runs it. ${detail}`,
      again: true,
    };
  }
  const waits = extra.retry_after_ms;
  const when = typeof waits === 'number' ? ` Try again in ${Math.ceil(waits / 1000)} s.` : '';
  return {
    title: titleOf(code),
    detail: `${detail}${when}`,
    again: when !== '' || answered >= 500,
  };
}

const OFFLINE: Failure = {
  title: 'You are offline',
  detail:
    'The adapter is made at the endpoint. What you wrote stays here until the network is back.',
  again: true,
};

const UNANSWERED: Failure = {
  title: 'The endpoint does not answer',
  detail: `It is down, or something between it and you is. What you wrote stays here.`,
  again: true,
};

/** A newer endpoint may have codes that are not known here. */
function titleOf(code: ErrorCode): string {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code][1] : 'The endpoint refused';
}
