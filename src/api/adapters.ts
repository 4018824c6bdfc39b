/** `/v1/adapters`: make, read, list and remove adapters. Their files are in files.ts. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { T2lError } from '../errors.ts';
import { generateAdapter, removeAdapter } from '../generate.ts';
import { formatsByDigest } from '../layout-file.ts';
import type { AdapterStore } from '../store/adapters.ts';
import type { AdapterRow } from '../store/schema.ts';
import { requireAdmin } from './admin.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES, DESCRIPTION_CODES, ID_CODES } from './codes.ts';
import { encodeCursor } from './cursor.ts';
import { ADAPTER_ID } from './docs/names.ts';
import { adapterDocument, adapterPageSchema, adapterSchema } from './documents.ts';
import { problemResponses } from './problem.ts';
import { readQuery } from './query.ts';
import { createAdapterSchema, ID_PREFIX, listAdaptersSchema, parseAdapterId } from './requests.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/** The path parameter of an adapter. */
export const ID_PARAMETER = z.object({
  id: z.string().openapi({
    param: { name: 'id', in: 'path' },
    pattern: ID_PREFIX.source,
    example: ADAPTER_ID,
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
      operationId: 'createAdapter',
      tags: ['adapters'],
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
          ...DESCRIPTION_CODES,
          'input_ambiguous',
          'embedding_not_numbers',
          'embedding_not_finite',
          'embedding_wrong_dimension',
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
      operationId: 'listAdapters',
      tags: ['adapters'],
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
          'parameter_repeated',
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
      operationId: 'readAdapter',
      tags: ['adapters'],
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
      operationId: 'deleteAdapter',
      tags: ['adapters'],
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
  return answerRequest(c, await readBody(c.req.raw, createAdapterSchema));
}

/** Answers with the adapter that a request determines; makes it if there is none. */
export async function answerRequest(
  c: Context<AppEnv>,
  body: z.output<typeof createAdapterSchema>,
): Promise<Response> {
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
  c.header('Location', `/v1/adapters/${row.id}`);
  return c.json((await documentsOf(c, [row], known))[0], known ? 200 : 201);
}

async function readAdapter(c: Context<AppEnv>): Promise<Response> {
  const row = await findAdapter(c.get('services').adapters, c.req.param('id') ?? '');
  c.header('Cache-Control', 'no-cache');
  return c.json((await documentsOf(c, [row], true))[0]);
}

async function listAdapters(c: Context<AppEnv>): Promise<Response> {
  const query = readQuery(c, listAdaptersSchema);
  const { rows, next } = await c.get('services').adapters.list({
    hypernet: query.hypernet,
    baseModel: query.base_model,
    search: query.q === '' ? undefined : query.q,
    limit: query.limit,
    after: query.cursor,
  });
  c.header('Cache-Control', 'no-cache');
  return c.json({
    adapters: await documentsOf(c, rows, true),
    next_cursor: next ? encodeCursor(next) : null,
  });
}

async function documentsOf(
  c: Context<AppEnv>,
  rows: readonly AdapterRow[],
  cached: boolean,
): Promise<z.output<typeof adapterSchema>[]> {
  const { origin } = new URL(c.req.url);
  const formats = await formatsByDigest(rows, c.get('services').catalog);
  return rows.map((row) => adapterDocument(row, origin, cached, formats.get(row.hypernetDigest)));
}

async function deleteAdapter(c: Context<AppEnv>): Promise<Response> {
  const services = c.get('services');
  await removeAdapter(await findAdapter(services.adapters, c.req.param('id') ?? ''), services);
  return c.body(null, 204);
}
