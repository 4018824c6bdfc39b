/**
 * The one place where errors become answers: RFC 9457 problem documents with a stable `code`. Errors
 * that nobody foresaw are logged and answered as `internal_error`, without their message, which
 * might quote what the caller sent or where we run.
 */

import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { Context, ErrorHandler, NotFoundHandler } from 'hono';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../contract/error-codes.ts';
import { T2lError } from '../contract/errors.ts';
import { forLog, logLine } from '../contract/log.ts';
import { unavailable } from '../store/steady.ts';
import * as z from './described.ts';
import type { AppEnv } from './route.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** The shape of every error of the API. */
export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ example: 'urn:t2l-edge:problem:adapter_unknown' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'A sentence that says what would be right.' }),
    code: z.string().openapi({ description: 'Stable: programs should look at this only.' }),
  })
  .openapi('Problem');

/** Renders what a handler threw. */
export const onError: ErrorHandler<AppEnv> = (error, c) => {
  return problemResponse(c, told(error));
};

/** What the caller is told of a failure; what nobody foresaw, and a store that is away, is logged. */
export function told(error: unknown): T2lError {
  if (error instanceof T2lError && error.code !== 'store_unavailable') {
    return error;
  }
  logLine('error', 'request failed', { error: forLog(error) });
  if (error instanceof T2lError) {
    return error;
  }
  return error instanceof DrizzleQueryError
    ? unavailable(error)
    : new T2lError('internal_error', 'This is a fault of the endpoint; its log says more.');
}

/** Renders a path that no route has. */
export const onNotFound: NotFoundHandler<AppEnv> = (c) => problemResponse(c, routeUnknown(c));

/** What is said of a path that no route has. */
export function routeUnknown(c: Context<AppEnv>): T2lError {
  return new T2lError(
    'route_unknown',
    `There is nothing at ${c.req.path}; /openapi.json lists every path.`,
  );
}

/** The answer to an error in the description of the API. */
export interface ProblemAnswer {
  description: string;
  content: Record<string, { schema: object; examples: Record<string, { $ref: string }> }>;
}

/** OpenAPI responses for the codes a route may answer with. */
export function problemResponses(codes: readonly ErrorCode[]): Record<number, ProblemAnswer> {
  const byStatus = new Map<number, Set<ErrorCode>>();
  for (const code of codes) {
    for (const status of ERROR_CODES[code][0]) {
      byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
    }
  }
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [status, problemAnswer([...some], status)]),
  );
}

/** The answer with one of these codes at a status. */
export function problemAnswer(codes: readonly ErrorCode[], status: number): ProblemAnswer {
  const members = {
    status: { type: 'integer', const: status },
    code: { type: 'string', enum: codes },
  };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code][1]}.`).join('\n\n'),
    content: {
      [PROBLEM_TYPE]: {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', properties: members },
          ],
        },
        examples: Object.fromEntries(
          codes.map((code) => [
            code,
            { $ref: `#/components/examples/${exampleName(code, status)}` },
          ]),
        ),
      },
    },
  };
}

/** The name of the example of a code; one of several statuses has an example for each. */
export function exampleName(code: ErrorCode, status: number): string {
  return ERROR_CODES[code][0].length > 1 ? `${code}_${status}` : code;
}

/** The problem document of an error. */
export function problemOf({ code, status, detail }: T2lError) {
  return {
    type: `urn:t2l-edge:problem:${code}`,
    title: isErrorCode(code) ? ERROR_CODES[code][1] : 'Something went wrong',
    status,
    detail,
    code,
  };
}

function problemResponse(c: Context<AppEnv>, error: T2lError): Response {
  const { headers, ...extra } = error.extra as { headers?: Record<string, string> };
  c.set('problem', error.code);
  const problem = { ...problemOf(error), ...extra };
  // Made by hand: headers that the handler set for its answer do not belong to this one.
  return new Response(c.req.method === 'HEAD' ? null : JSON.stringify(problem), {
    status: error.status,
    headers: { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store', ...headers },
  });
}
