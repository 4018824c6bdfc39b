/** `/v1/adapters`: make, read, list and remove adapters. Their files are in files.ts. */
import type { Context } from 'hono';
import { CONFIG_FILE, WEIGHTS_FILE } from '../adapter/peft.ts';
import { encodeCursor } from '../contract/cursor.ts';
import { adapterPageSchema, adapterSchema } from '../contract/documents/adapter.ts';
import { createAdapterSchema } from '../contract/requests/create-adapter.ts';
import { listAdaptersSchema } from '../contract/requests/list-adapters.ts';
import { parseAdapterId } from '../contract/requests/names.ts';
import { removeAdapterSchema } from '../contract/requests/remove-adapter.ts';
import { removeAdapter } from '../pipeline/stored-files.ts';
import { findAdapter } from '../store/find-adapter.ts';
import { keysOf, vectorKey } from '../store/refusals.ts';
import { checkAdmin, requireAdmin } from './admin.ts';
import { answerRequest, documentsOf } from './answer-adapter.ts';
import { readBody } from './body.ts';
import { ADMIN_CODES, BODY_CODES, DESCRIPTION_CODES, ID_CODES } from './codes.ts';
import { DOCUMENT_CACHING, documentEtag, NOT_MODIFIED, rememberTag } from './document-etag.ts';
import { ID_PARAMETER } from './id-parameter.ts';
import { problemResponses } from './problem.ts';
import { readQuery } from './query.ts';
import { type App, type AppEnv, addRoute } from './route.ts';
import type { Services } from './services.ts';

const FILES = [WEIGHTS_FILE, CONFIG_FILE];
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
      description:
        'Unlisted ones are left out; `unlisted=true` lists these in place of the others, for an administrator.',
      middleware: documentEtag,
      request: { query: listAdaptersSchema },
      responses: {
        200: {
          description: 'A page.',
          content: { 'application/json': { schema: adapterPageSchema } },
        },
        304: NOT_MODIFIED,
        ...problemResponses([
          ...ADMIN_CODES,
          'flag_malformed',
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
      middleware: [rememberTag, documentEtag],
      request: { params: ID_PARAMETER },
      responses: {
        200: { description: 'The adapter.', content: adapterContent },
        304: NOT_MODIFIED,
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
      description:
        'It can be made again, unless `refuse` is true: then all adapters of its description are removed, however that is typed, and none of it is made any more, but for an administrator, whose request lifts the refusal. Of a refused description only a hash is kept.',
      security: [{ admin: [] }],
      middleware: requireAdmin,
      request: { params: ID_PARAMETER, query: removeAdapterSchema },
      responses: {
        204: { description: 'Removed.' },
        ...problemResponses([
          ...ADMIN_CODES,
          ...ID_CODES,
          'flag_malformed',
          'field_unknown',
          'parameter_repeated',
        ]),
      },
    },
    deleteAdapter,
  );
}

async function createAdapter(c: Context<AppEnv>): Promise<Response> {
  return answerRequest(c, await readBody(c.req.raw, createAdapterSchema));
}

async function readAdapter(c: Context<AppEnv>): Promise<Response> {
  const { adapters, recorded } = c.get('services');
  const row = await findAdapter(adapters, c.req.param('id') ?? '');
  recorded.note(row);
  c.header('Cache-Control', DOCUMENT_CACHING);
  return c.json((await documentsOf(c, [row], true))[0]);
}

async function listAdapters(c: Context<AppEnv>): Promise<Response> {
  const query = readQuery(c, listAdaptersSchema);
  const unlisted = query.unlisted === 'true';
  if (unlisted) {
    await checkAdmin(c);
  }
  const { rows, next } = await c.get('services').adapters.list({
    listing: unlisted ? 'unlisted' : 'listed',
    hypernet: query.hypernet,
    baseModel: query.base_model,
    search: query.q,
    limit: query.limit,
    after: query.cursor,
  });
  c.header('Cache-Control', unlisted ? 'private, no-cache' : 'no-cache');
  return c.json({
    adapters: await documentsOf(c, rows, true),
    next_cursor: next ? encodeCursor(next) : null,
  });
}

async function deleteAdapter(c: Context<AppEnv>): Promise<Response> {
  const { refuse } = readQuery(c, removeAdapterSchema);
  const services = c.get('services');
  const given = c.req.param('id') ?? '';
  const row = await findAdapter(services.adapters, given).catch((error: unknown) =>
    removeRowless(given, refuse === 'true', services, error),
  );
  if (row === undefined) {
    return c.body(null, 204);
  }
  const { description } = row;
  const alike =
    refuse === 'true' && description !== null ? await services.adapters.alike(description) : [row];
  if (refuse === 'true') {
    // First, so that nobody has it made between its removal and the refusal.
    const input = description === null ? { embedding: row.embedding } : { description };
    const vectors = await Promise.all(alike.map(({ embedding }) => vectorKey(embedding)));
    await services.refusals.add([...(await keysOf(row.id, input)), ...vectors], services.now());
  }
  // The one that was named comes last: as long as it is there, an interrupted call can be made again.
  const others = alike.filter(({ id }) => id !== row.id);
  for (const one of [...others, row]) {
    services.recorded.forget(one.id);
    await removeAdapter(one, services);
  }
  return c.body(null, 204);
}

/**
 * Removes files that no row has, which a database that was put back, or a copy nearby, may leave to be read.
 *
 * @throws what the row's absence threw, if there are no such files either
 */
async function removeRowless(
  given: string,
  refuse: boolean,
  { blobs, cache, recorded, refusals, now }: Services,
  absence: unknown,
): Promise<undefined> {
  const { id, whole } = parseAdapterId(given);
  const there = async (name: string) =>
    (await blobs.describe(id, name)) ?? (await cache.describe(id, name));
  if (!whole || !(await Promise.all(FILES.map(there))).some((file) => file !== undefined)) {
    throw absence;
  }
  if (refuse) {
    await refusals.add([id], now());
  }
  recorded.forget(id);
  await blobs.remove(id, FILES);
  return undefined;
}
