/** `/v1/adapters`: make, read, list and remove adapters. Their files are in files.ts. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { T2lError } from '../errors.ts';
import { generateAdapter, removeAdapter } from '../generate.ts';
import type { AdapterStore } from '../store/adapters.ts';
import type { AdapterRow } from '../store/schema.ts';
import { requireAdmin } from './admin.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES, ID_CODES, PRODUCE_CODES } from './codes.ts';
import { encodeCursor } from './cursor.ts';
import { adapterDocument, adapterPageSchema, adapterSchema } from './documents.ts';
import { problemResponses } from './problem.ts';
import { createAdapterSchema, listAdaptersSchema, parse, parseAdapterId } from './requests.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** The path parameter of an adapter. */
export const ID_PARAMETER = z.object({
  id: z.string().openapi({
    param: { name: 'id', in: 'path' },
    description: 'The 64 hex digits of the adapter id; the first 12 or more will do.',
  }),
});

const adapterContent = { 'application/json': { schema: adapterSchema } };

/** Adds the routes of adapters. */
export function registerAdapterRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/v1/adapters',
      summary: 'Make an adapter from a description, or find it',
      request: {
        body: { required: true, content: { 'application/json': { schema: createAdapterSchema } } },
      },
      responses: {
        201: { description: 'Made.', content: adapterContent },
        200: {
          description: 'Known already: the same request was made before.',
          content: adapterContent,
        },
        ...problemResponses([
          ...BODY_CODES,
          'input_missing',
          'input_ambiguous',
          'description_not_text',
          'description_empty',
          'description_too_long',
          'description_unsupported',
          'embedding_not_numbers',
          'embedding_not_finite',
          'embedding_wrong_dimension',
          'dtype_unknown',
          'precision_unknown',
          'precision_unavailable',
          'strength_not_number',
          'strength_out_of_range',
          'hypernet_malformed',
          'hypernet_inactive',
          'encoder_not_configured',
          'encoder_unavailable',
          'encoder_timeout',
          'encoder_answer_invalid',
          ...PRODUCE_CODES,
        ]),
      },
    },
    createAdapter,
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/adapters',
      summary: 'List adapters, newest first',
      request: { query: listAdaptersSchema },
      responses: {
        200: {
          description: 'A page.',
          content: { 'application/json': { schema: adapterPageSchema } },
        },
        ...problemResponses([
          'hypernet_malformed',
          'base_model_malformed',
          'search_too_long',
          'limit_out_of_range',
          'cursor_malformed',
          'field_unknown',
        ]),
      },
    },
    listAdapters,
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/adapters/{id}',
      summary: 'Read an adapter document',
      request: { params: ID_PARAMETER },
      responses: {
        200: { description: 'The adapter.', content: adapterContent },
        ...problemResponses(ID_CODES),
      },
    },
    readAdapter,
  );
  addRoute(
    app,
    {
      method: 'delete',
      path: '/v1/adapters/{id}',
      summary: 'Remove an adapter and its files',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: { params: ID_PARAMETER },
      responses: {
        204: { description: 'Removed.' },
        ...problemResponses([...ADMIN_CODES, ...ID_CODES]),
      },
    },
    deleteAdapter,
  );
}

/** The row that an id or a unique prefix of one names. */
export async function findAdapter(adapters: AdapterStore, text: string): Promise<AdapterRow> {
  const { id, whole } = parseAdapterId(text);
  const rows = whole ? [await adapters.get(id)] : await adapters.findByPrefix(id);
  const [row] = rows;
  if (rows.length > 1) {
    throw new T2lError(
      'adapter_prefix_ambiguous',
      409,
      `Several adapter ids begin with ${id}; send more digits.`,
    );
  }
  if (row === undefined) {
    throw new T2lError(
      'adapter_unknown',
      404,
      `There is no adapter ${id}; POST /v1/adapters makes one.`,
    );
  }
  return row;
}

async function createAdapter(c: Context<AppEnv>): Promise<Response> {
  const body = await readBody(c.req.raw, createAdapterSchema);
  const { description, embedding } = body;
  const { row, known } = await generateAdapter(
    {
      input: embedding === undefined ? { description: description ?? '' } : { embedding },
      hypernet: body.hypernet,
      dtype: body.dtype,
      precision: body.precision,
      strength: body.strength,
    },
    c.get('services'),
  );
  const { origin } = new URL(c.req.url);
  c.header('Location', `/v1/adapters/${row.id}`);
  return c.json(adapterDocument(row, origin, known), known ? 200 : 201);
}

async function readAdapter(c: Context<AppEnv>): Promise<Response> {
  const row = await findAdapter(c.get('services').adapters, c.req.param('id') ?? '');
  c.header('Cache-Control', 'no-cache');
  return c.json(adapterDocument(row, new URL(c.req.url).origin, true));
}

async function listAdapters(c: Context<AppEnv>): Promise<Response> {
  const query = parse(listAdaptersSchema, c.req.query());
  const { rows, next } = await c.get('services').adapters.list({
    hypernet: query.hypernet,
    baseModel: query.base_model,
    search: query.q === '' ? undefined : query.q,
    limit: query.limit,
    after: query.cursor,
  });
  const { origin } = new URL(c.req.url);
  c.header('Cache-Control', 'no-cache');
  return c.json({
    adapters: rows.map((row) => adapterDocument(row, origin, true)),
    next_cursor: next ? encodeCursor(next) : null,
  });
}

async function deleteAdapter(c: Context<AppEnv>): Promise<Response> {
  const services = c.get('services');
  await removeAdapter(await findAdapter(services.adapters, c.req.param('id') ?? ''), services);
  return c.body(null, 204);
}
