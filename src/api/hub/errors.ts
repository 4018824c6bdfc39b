/**
 * Errors as clients of the Hub read them. They look at `X-Error-Code` to tell a missing file from a
 * missing repository, show `X-Error-Message`, and remember under `X-Repo-Commit` that a commit lacks a
 * file. These headers, and a member `error`, are added to the problem document; src/api/problem.ts
 * renders it as always.
 */

import type { Context } from 'hono';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { T2lError } from '../../contract/errors.ts';
import { PROBLEM_TYPE, type ProblemAnswer, problemResponses } from '../problem.ts';
import type { AppEnv } from '../route.ts';

/** Our codes and what the Hub calls them. */
const HUB_CODES: Readonly<Record<string, string>> = {
  repository_unknown: 'RepoNotFound',
  revision_unknown: 'RevisionNotFound',
  entry_unknown: 'EntryNotFound',
  // The nearest that clients know: without a code they blame the connection.
  route_unknown: 'EntryNotFound',
  // As the Hub does: whoever may not read a repository is not told whether there is one.
  token_missing: 'RepoNotFound',
  scope_missing: 'RepoNotFound',
};

/** Characters of a detail that its header has; Node.js, for one, takes headers of 16 KiB together. */
const MOST_IN_HEADER = 500;

type Handler = (c: Context<AppEnv>) => Promise<Response> | Response;

/** A handler whose errors clients of the Hub understand. */
export function hubHandler(handler: Handler): Handler {
  return async (c) => {
    try {
      return await handler(c);
    } catch (error) {
      throw error instanceof T2lError ? hubError(error) : error;
    }
  };
}

/** An error as clients of the Hub read it. */
export function hubError({ code, status, detail, extra }: T2lError): T2lError {
  const { headers, commit, ...members } = extra as {
    headers?: Record<string, string>;
    commit?: string;
  };
  const hubCode = HUB_CODES[code];
  return new T2lError(code, detail, {
    status,
    extra: {
      ...members,
      error: detail,
      headers: {
        // Clients in JavaScript look for `error` in nothing else.
        ...(status < 500 && { 'content-type': 'application/json' }),
        'x-error-message': asHeader(detail),
        ...(hubCode !== undefined && { 'x-error-code': hubCode }),
        ...(commit !== undefined && { 'x-repo-commit': commit }),
        ...headers,
      },
    },
  });
}

/** The detail may quote a path, and a header takes no other characters, and clients none of any length. */
function asHeader(text: string): string {
  const line = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return line.length > MOST_IN_HEADER ? `${line.slice(0, MOST_IN_HEADER)}...` : line;
}

/** The answer for a repository that is not ours, where an upstream hub is set. */
export const ELSEWHERE = { 307: { description: 'Not ours: the location is at another hub.' } };

/** OpenAPI responses for the codes a route may answer with. */
export function hubProblems(codes: readonly ErrorCode[]): Record<number, ProblemAnswer> {
  return Object.fromEntries(
    Object.entries(problemResponses(codes)).map(([status, answer]) => {
      const media = answer.content[PROBLEM_TYPE];
      return media !== undefined && Number(status) < 500
        ? [status, { ...answer, content: { 'application/json': media } }]
        : [status, answer];
    }),
  );
}
