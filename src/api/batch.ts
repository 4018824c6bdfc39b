/**
 * `POST /v1/adapters/batch`: adapters of up to 64 requests by one call, a line of JSON for each as it is made.
 * A request that is wrong or refused has a line that says so, and keeps no other from being made. A line is
 * made when it is read: whoever hangs up has nothing more made.
 */
import type { Context } from 'hono';
import type * as z from 'zod';
import { problemCount } from '../contract/counts.ts';
import type { batchLineSchema } from '../contract/documents/batch.ts';
import { parse } from '../contract/parse.ts';
import { batchQuerySchema, batchSchema } from '../contract/requests/batch.ts';
import { createAdapterSchema } from '../contract/requests/create-adapter.ts';
import { adapterOf } from './answer-adapter.ts';
import { readBody } from './body.ts';
import { BODY_CODES } from './codes.ts';
import { count } from './counting.ts';
import { enqueue, queueOf } from './enqueue.ts';
import { problemOf, problemResponses, told } from './problem.ts';
import { readQuery } from './query.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

type Line = z.input<typeof batchLineSchema>;

const NDJSON = 'application/x-ndjson';

/** Adds the route. */
export function registerBatchRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/v1/adapters/batch',
      operationId: 'createAdapters',
      tags: ['adapters'],
      summary: 'Make the adapters of several requests, or find them',
      description:
        'Answers with a line of JSON for each request, in their order, as it is made: `index`, `status`, and `adapter` or `problem`. Each counts as a request of its own for every limit.',
      request: {
        query: batchQuerySchema,
        body: { required: true, content: { 'application/json': { schema: batchSchema } } },
      },
      responses: {
        200: {
          description: 'A line for each request; each says how its request ended.',
          content: { [NDJSON]: { schema: { type: 'string' } } },
        },
        ...problemResponses([
          ...BODY_CODES,
          'batch_malformed',
          'queue_unavailable',
          'flag_malformed',
          'field_unknown',
          'parameter_repeated',
        ]),
      },
    },
    createAdapters,
  );
}

async function createAdapters(c: Context<AppEnv>): Promise<Response> {
  const { later } = readQuery(c, batchQuerySchema);
  const { requests } = await readBody(c.req.raw, batchSchema);
  if (later === 'true') {
    queueOf(c.env);
  }
  let index = 0;
  const queued = new Set<string>();
  const answer = (request: object): Promise<Line> =>
    later === 'true' ? enqueue(c, index, request, queued) : makeNow(c, index, request);
  const encoder = new TextEncoder();
  const lines = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const request = requests[index];
        if (request === undefined) {
          controller.close();
          return;
        }
        const line = await lineOf(index, () => answer(request));
        index++;
        controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      },
    },
    { highWaterMark: 0 },
  );
  c.header('Content-Type', NDJSON);
  c.header('Cache-Control', 'no-store');
  return c.body(lines);
}

async function makeNow(c: Context<AppEnv>, index: number, request: object): Promise<Line> {
  const { adapter, known } = await adapterOf(c, parse(createAdapterSchema, request));
  return { index, status: known ? 200 : 201, adapter };
}

async function lineOf(index: number, answer: () => Promise<Line>): Promise<Line> {
  try {
    return await answer();
  } catch (error) {
    const said = told(error);
    count(problemCount(said.code));
    const { headers } = said.extra as { headers?: Record<string, string> };
    const after = headers?.['retry-after'];
    return {
      index,
      status: said.status,
      problem: { ...problemOf(said), ...(after && { retry_after: Number(after) }) },
    };
  }
}
