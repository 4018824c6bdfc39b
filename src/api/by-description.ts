/**
 * `GET /v1/adapters/by-description`: POST /v1/adapters as a link, for whatever can fetch an address
 * but not send a body. Generation is deterministic, so asking again changes nothing.
 */
import type { Context } from 'hono';
import * as z from 'zod';
import { adapterSchema } from '../contract/documents/adapter.ts';
import { parse } from '../contract/parse.ts';
import { createAdapterSchema } from '../contract/requests/create-adapter.ts';
import { answerRequest } from './answer-adapter.ts';
import { DESCRIPTION_CODES } from './codes.ts';
import { problemResponses } from './problem.ts';
import { readQuery } from './query.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

const { description, hypernet, dtype, precision, strength, unlisted, allow_unfit } =
  createAdapterSchema.shape;

/** The query as the description of the API shows it. */
const querySchema = z.object({
  d: description.unwrap().meta({ description: 'The description.' }),
  hypernet,
  dtype,
  precision,
  strength,
  unlisted,
  allow_unfit,
});

/** The query as it comes: text. What it must be, the schema of POST says. */
const textSchema = z.strictObject({
  d: z.string().optional(),
  hypernet: z.string().optional(),
  dtype: z.string().optional(),
  precision: z.string().optional(),
  strength: z.string().optional(),
  unlisted: z.string().optional(),
  allow_unfit: z.string().optional(),
});

const content = { 'application/json': { schema: adapterSchema } };

/** Adds the route; comes before the one of adapter ids, whose path it would take. */
export function registerByDescriptionRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/adapters/by-description',
      operationId: 'adapterByDescription',
      tags: ['adapters'],
      summary: 'Find the adapter of a description, or make it',
      request: { query: querySchema },
      responses: {
        201: { description: 'Made.', content },
        200: { description: 'Known already.', content },
        ...problemResponses([...DESCRIPTION_CODES, 'field_unknown', 'parameter_repeated']),
      },
    },
    byDescription,
  );
}

async function byDescription(c: Context<AppEnv>): Promise<Response> {
  const { d, strength, unlisted, allow_unfit, ...rest } = readQuery(c, textSchema);
  const request = parse(createAdapterSchema, {
    ...rest,
    ...(d !== undefined && { description: d }),
    ...(strength !== undefined && { strength: numberIn(strength) }),
    ...(unlisted !== undefined && { unlisted: flagIn(unlisted) }),
    ...(allow_unfit !== undefined && { allow_unfit: flagIn(allow_unfit) }),
  });
  c.header('Cache-Control', 'no-cache');
  return answerRequest(c, request);
}

/** The number that a text is; the text itself if it is none, for the schema to refuse. */
function numberIn(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/** The flag that a text is; the text itself if it is none, for the schema to refuse. */
function flagIn(text: string): boolean | string {
  return text === 'true' || (text === 'false' ? false : text);
}
