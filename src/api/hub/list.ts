/** `/api/models`: adapters as the Hub lists models, newest first, with a link to the next page. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  ADAPTER_LIBRARY,
  ADAPTER_PIPELINE,
  ADAPTER_TAGS,
  adapterSnapshot,
} from '../../hub/adapter-repository.ts';
import { modelInfo } from '../../hub/info.ts';
import { NAMESPACE, repositoryOf } from '../../hub/names.ts';
import type { ListPage } from '../../store/adapters.ts';
import { encodeCursor } from '../cursor.ts';
import { parse } from '../parse.ts';
import { ID_PREFIX } from '../requests/names.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { modelListSchema } from './documents.ts';
import { hubHandler } from './errors.ts';
import { listQuerySchema } from './parameters.ts';
import { hubProblems } from './problems.ts';
import { hubEffects, leaveTo } from './repository.ts';

const NONE: ListPage = { rows: [], next: undefined };

/** Tags that every adapter has. */
const COMMON_TAGS: ReadonlySet<string> = new Set([
  ...ADAPTER_TAGS,
  ADAPTER_LIBRARY,
  ADAPTER_PIPELINE,
]);

/** Adds the list of adapters. */
export function registerListRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/api/models',
      summary: 'Hub protocol: list adapters, newest first',
      request: { query: listQuerySchema },
      responses: {
        200: {
          description: 'A page; the header `Link` leads to the next one.',
          content: { 'application/json': { schema: modelListSchema } },
        },
        307: { description: 'Models of another owner: the location is at another hub.' },
        ...hubProblems([
          'search_too_long',
          'sort_unknown',
          'limit_out_of_range',
          'cursor_malformed',
          'upstream_misconfigured',
        ]),
      },
    },
    hubHandler(listModels),
  );
}

async function listModels(c: Context<AppEnv>): Promise<Response> {
  const query = parse(listQuerySchema, {
    ...c.req.query(),
    filter: [
      ...(c.req.queries('filter') ?? []),
      ...['pipeline_tag', 'library'].flatMap((name) => c.req.queries(name) ?? []),
    ].flatMap((text) => text.split(',')),
  });
  const ours = query.author === undefined || query.author === NAMESPACE;
  if (!ours && c.env.HUB_UPSTREAM) {
    return leaveTo(c);
  }
  const { rows, next } = ours ? await pageOf(c, query) : NONE;
  const effects = hubEffects(c);
  const options = { expand: [], blobs: false, securityStatus: false };
  const models = await Promise.all(
    rows.map((row) =>
      modelInfo({ id: repositoryOf(row.id) }, adapterSnapshot(row, effects), options),
    ),
  );
  c.header('Cache-Control', 'no-cache');
  if (next !== undefined) {
    const url = new URL(c.req.url);
    url.searchParams.set('cursor', encodeCursor(next));
    c.header('Link', `<${url.href}>; rel="next"`);
  }
  return c.json(models);
}

async function pageOf(
  c: Context<AppEnv>,
  {
    search,
    filter,
    limit,
    cursor,
  }: Pick<z.output<typeof listQuerySchema>, 'search' | 'filter' | 'limit' | 'cursor'>,
): Promise<ListPage> {
  const { adapters } = c.get('services');
  const wanted = narrowing(filter);
  if (wanted === undefined) {
    return NONE;
  }
  const name = search?.replace(`${NAMESPACE}/`, '') ?? '';
  const named = ID_PREFIX.test(name) ? await adapters.findByPrefix(name) : [];
  if (named.length > 0) {
    const { baseModel, hypernet } = wanted;
    const rows = named.filter(
      (row) =>
        (baseModel ?? row.baseModel) === row.baseModel &&
        (hypernet ?? row.hypernetName) === row.hypernetName,
    );
    return { rows, next: undefined };
  }
  return adapters.list({ ...wanted, search: search || undefined, limit, after: cursor });
}

/** What the tags narrow the list to; undefined if no adapter has them all. */
function narrowing(
  tags: readonly string[],
): { readonly baseModel?: string; readonly hypernet?: string } | undefined {
  let baseModel: string | undefined;
  let hypernet: string | undefined;
  for (const tag of tags) {
    const [, kind, value] = /^(base_model|hypernetwork):(?:adapter:)?(.+)$/.exec(tag) ?? [];
    if (kind === 'base_model' && (baseModel ?? value) === value) {
      baseModel = value;
    } else if (kind === 'hypernetwork' && (hypernet ?? value) === value) {
      hypernet = value;
    } else if (!COMMON_TAGS.has(tag)) {
      return undefined;
    }
  }
  return {
    ...(baseModel !== undefined && { baseModel }),
    ...(hypernet !== undefined && { hypernet }),
  };
}
