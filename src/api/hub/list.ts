/** `/api/models`: adapters as the Hub lists models, newest first, with a link to the next page. */

import type { Context } from 'hono';
import type * as z from 'zod';
import { encodeCursor } from '../../contract/cursor.ts';
import { parse } from '../../contract/parse.ts';
import { NAMESPACE, repositoryOf } from '../../contract/repository-names.ts';
import { adapterSnapshot } from '../../hub/adapter-repository.ts';
import { modelInfo } from '../../hub/info.ts';
import { makersOf } from '../../pipeline/makers.ts';
import type { ListPage } from '../../store/adapters.ts';
import { adaptersNamed } from '../../store/find-adapter.ts';
import { routedUrl } from '../path.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { modelListSchema } from './documents.ts';
import { hubHandler, hubProblems } from './errors.ts';
import { isWithin, narrowing } from './list-filter.ts';
import { listQuerySchema } from './parameters.ts';
import { hubEffects, leaveTo } from './repository.ts';

const NONE: ListPage = { rows: [], next: undefined };

/** What the Hub says of every model of a list, and what only those get who ask for it. */
const BRIEF = [
  ...['modelId', 'private', 'downloads', 'likes', 'tags', 'library_name', 'pipeline_tag'],
  'createdAt',
];
const FULL = ['author', 'sha', 'lastModified', 'gated', 'disabled', 'siblings'];

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
          'flag_malformed',
          'parameters_malformed',
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
    filter: listed(c, 'filter', 'pipeline_tag', 'library'),
    expand: listed(c, 'expand', 'expand[]'),
    apps: listed(c, 'apps'),
    inference_provider: listed(c, 'inference_provider'),
  });
  const ours = query.author === undefined || query.author === NAMESPACE;
  if (!ours && c.env.HUB_UPSTREAM) {
    return leaveTo(c);
  }
  const { rows, next } = ours ? await pageOf(c, query) : NONE;
  const effects = hubEffects(c);
  const options = { expand: propertiesOf(query), blobs: false, securityStatus: false };
  const makers = await makersOf(rows, effects.catalog);
  const models = await Promise.all(
    rows.map((row) =>
      modelInfo({ id: repositoryOf(row.id) }, adapterSnapshot(row, makers, effects), options),
    ),
  );
  c.header('Cache-Control', 'no-cache');
  if (next !== undefined) {
    const url = routedUrl(c.req.raw, c.env.PUBLIC_ORIGIN);
    url.searchParams.set('cursor', encodeCursor(next));
    c.header('Link', `<${url.href}>; rel="next"`);
  }
  return c.json(models);
}

/** The values of a parameter that may be repeated, or hold several with commas between them. */
function listed(c: Context<AppEnv>, ...names: readonly string[]): string[] {
  return names.flatMap((name) => c.req.queries(name) ?? []).flatMap((text) => text.split(','));
}

/** The properties of each model that were asked for. */
function propertiesOf({
  expand,
  full,
  cardData,
  config,
}: z.output<typeof listQuerySchema>): readonly string[] {
  if (expand.length > 0) {
    return expand;
  }
  return [
    ...BRIEF,
    ...(full ? FULL : []),
    ...(cardData ? ['cardData'] : []),
    ...(config ? ['config'] : []),
  ];
}

async function pageOf(
  c: Context<AppEnv>,
  query: z.output<typeof listQuerySchema>,
): Promise<ListPage> {
  const { adapters, catalog } = c.get('services');
  const { search, limit, cursor } = query;
  const wanted = await narrowing(query, catalog);
  if (wanted === undefined) {
    return NONE;
  }
  const named = await adaptersNamed(adapters, search ?? '');
  if (named.length > 0) {
    const rows = named.filter((row) => !row.unlisted && isWithin(row, wanted));
    return { rows, next: undefined };
  }
  return adapters.list({ ...wanted, search, limit, after: cursor });
}
