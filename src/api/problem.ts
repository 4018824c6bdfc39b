/**
 * The one place where errors become answers: RFC 9457 problem documents with a stable `code`. Errors
 * that nobody foresaw are logged and answered as `internal_error`, without their message, which
 * might quote what the caller sent or where we run.
 */
import { z } from '@hono/zod-openapi';
import type { Context, ErrorHandler, NotFoundHandler } from 'hono';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../error-codes.ts';
import { T2lError } from '../errors.ts';
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
  if (error instanceof T2lError) {
    return problemResponse(c, error);
  }
  console.error(error);
  return problemResponse(
    c,
    new T2lError('internal_error', 500, 'This is a fault of the endpoint; its log says more.'),
  );
};

/** Renders a path that no route has. */
export const onNotFound: NotFoundHandler<AppEnv> = (c) =>
  problemResponse(
    c,
    new T2lError(
      'route_unknown',
      404,
      `There is nothing at ${c.req.path}; /openapi.json lists every path.`,
    ),
  );

/** OpenAPI responses for the codes a route may answer with. */
export function problemResponses(
  codes: readonly ErrorCode[],
): Record<number, { description: string; content: Record<string, { schema: z.ZodType }> }> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    for (const status of ERROR_CODES[code][0]) {
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
  }
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\`: ${ERROR_CODES[code][1]}.`).join('\n\n'),
        content: {
          [PROBLEM_TYPE]: { schema: problemSchema.extend({ code: z.enum(some as [ErrorCode]) }) },
        },
      },
    ]),
  );
}

function problemResponse(c: Context<AppEnv>, error: T2lError): Response {
  const { headers, ...extra } = error.extra as { headers?: Record<string, string> };
  const problem = {
    type: `urn:t2l-edge:problem:${error.code}`,
    title: isErrorCode(error.code) ? ERROR_CODES[error.code][1] : 'Something went wrong',
    status: error.status,
    detail: error.detail,
    code: error.code,
    ...extra,
  };
  // Made by hand: headers that the handler set for its answer do not belong to this one.
  return new Response(c.req.method === 'HEAD' ? null : JSON.stringify(problem), {
    status: error.status,
    headers: { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store', ...headers },
  });
}
