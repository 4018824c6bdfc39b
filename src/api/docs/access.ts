/** What access and limits add to the description of every call, by the rule that also lets calls pass. */
import type { ErrorCode } from '../../contract/error-codes.ts';
import { callOf } from '../calls.ts';
import { PROBLEM_TYPE, type ProblemAnswer, problemAnswer } from '../problem.ts';

/** What reads no store, or has a word of its own for one that is away. */
const WITHOUT_STORES = new Set(['/', '/docs', '/openapi.json', '/healthz']);

/** Status -> codes that a call may be refused with for what it is. */
export function refusalsOf(method: string, path: string): Readonly<Record<number, ErrorCode[]>> {
  const call = callOf(method.toUpperCase(), path);
  if (WITHOUT_STORES.has(path)) {
    return {};
  }
  return call === 'open'
    ? { 503: ['store_unavailable'] }
    : {
        401: ['token_missing', 'token_invalid'],
        403: ['scope_missing'],
        ...(call === 'list' && { 429: ['rate_limited'] }),
        503: ['store_unavailable', ...(call === 'list' ? [] : ['overloaded' as const])],
        ...(call === 'generate' && {
          429: ['rate_limited', 'quota_exhausted'],
        }),
      };
}

/** A token is needed where the operator wants one; the empty requirement says that none may do. */
export function securityOf(method: string, path: string): Record<string, string[]>[] | undefined {
  return callOf(method.toUpperCase(), path) === 'open' ? undefined : [{ token: [] }, {}];
}

/** The answer at a status, with further codes; below 500 clients of the Hub get plain JSON. */
export function withCodes(
  known: readonly ErrorCode[],
  added: readonly ErrorCode[],
  status: number,
  hub: boolean,
): ProblemAnswer {
  const answer = problemAnswer([...new Set([...known, ...added])], status);
  const media = answer.content[PROBLEM_TYPE];
  return hub && media !== undefined && status < 500
    ? { ...answer, content: { 'application/json': media } }
    : answer;
}
