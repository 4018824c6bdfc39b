/** `/api/models/{namespace}/{name}`: model info, refs, tree and paths of a repository. */

import type { Context } from 'hono';
import type * as z from 'zod';
import { parse } from '../../contract/parse.ts';
import { modelInfo } from '../../hub/info.ts';
import { entryUnknown, type Ref } from '../../hub/repository.ts';
import { allEntries, entriesBelow } from '../../hub/tree.ts';
import { BUNDLE_CODES, OBJECT_CODES } from '../codes.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { modelInfoSchema, refsSchema, treeSchema } from './documents.ts';
import { ELSEWHERE, hubHandler, hubProblems } from './errors.ts';
import {
  FILE_PARAMETERS,
  infoQuerySchema,
  pathsBodySchema,
  REPOSITORY_PARAMETERS,
  REVISION_PARAMETERS,
  treeQuerySchema,
  UPSTREAM_CODES,
} from './parameters.ts';
import { readPaths } from './paths-body.ts';
import { type Found, withRepository, withSnapshot } from './repository.ts';

const CODES = ['flag_malformed', 'revision_unknown', ...UPSTREAM_CODES, ...BUNDLE_CODES] as const;

/** Adds the routes that describe a repository. */
export function registerInfoRoutes(app: App): void {
  for (const [path, params] of [
    ['/api/models/{namespace}/{name}', REPOSITORY_PARAMETERS],
    ['/api/models/{namespace}/{name}/revision/{revision}', REVISION_PARAMETERS],
  ] as const) {
    addRoute(
      app,
      {
        method: 'get',
        path,
        summary: 'Hub protocol: model info',
        request: { params, query: infoQuerySchema },
        responses: {
          200: {
            description: 'The repository at a commit.',
            content: { 'application/json': { schema: modelInfoSchema } },
          },
          ...ELSEWHERE,
          ...hubProblems(CODES),
        },
      },
      hubHandler(readInfo),
    );
  }
  addRoute(
    app,
    {
      method: 'get',
      path: '/api/models/{namespace}/{name}/refs',
      summary: 'Hub protocol: branches and tags',
      request: { params: REPOSITORY_PARAMETERS },
      responses: {
        200: {
          description: 'The refs of the repository.',
          content: { 'application/json': { schema: refsSchema } },
        },
        ...ELSEWHERE,
        ...hubProblems(UPSTREAM_CODES),
      },
    },
    hubHandler(readRefs),
  );
  for (const [path, params] of [
    ['/api/models/{namespace}/{name}/tree/{revision}', REVISION_PARAMETERS],
    ['/api/models/{namespace}/{name}/tree/{revision}/{path}', FILE_PARAMETERS],
  ] as const) {
    addRoute(
      app,
      {
        method: 'get',
        path,
        summary: 'Hub protocol: files and folders',
        request: { params, query: treeQuerySchema },
        responses: {
          200: {
            description: 'The entries of the folder.',
            content: { 'application/json': { schema: treeSchema } },
          },
          ...ELSEWHERE,
          ...hubProblems(['entry_unknown', ...CODES]),
        },
      },
      hubHandler(readTree),
    );
  }
  addRoute(
    app,
    {
      method: 'post',
      path: '/api/models/{namespace}/{name}/paths-info/{revision}',
      summary: 'Hub protocol: entries at given paths',
      request: {
        params: REVISION_PARAMETERS,
        body: {
          required: true,
          content: {
            'application/json': { schema: pathsBodySchema },
            'application/x-www-form-urlencoded': { schema: pathsBodySchema },
          },
        },
      },
      responses: {
        200: {
          description: 'The entries that exist; others are left out.',
          content: { 'application/json': { schema: treeSchema } },
        },
        ...ELSEWHERE,
        ...hubProblems([...OBJECT_CODES, 'paths_malformed', ...CODES]),
      },
    },
    hubHandler(readPathsInfo),
  );
}

function readInfo(c: Context<AppEnv>): Promise<Response> {
  return withSnapshot(c, async ({ repository, snapshot }) => {
    const options = parse(infoQuerySchema, {
      ...c.req.query(),
      expand: [...(c.req.queries('expand') ?? []), ...(c.req.queries('expand[]') ?? [])],
    });
    return answer(c, snapshot.commit, await modelInfo(repository, snapshot, options));
  });
}

function readRefs(c: Context<AppEnv>): Promise<Response> {
  return withRepository(c, async ({ branches, tags }) => {
    c.header('Cache-Control', 'no-cache');
    return c.json({
      branches: branches.map((ref) => refDocument('heads', ref)),
      converts: [],
      tags: tags.map((ref) => refDocument('tags', ref)),
      pullRequests: [],
    });
  });
}

function readTree(c: Context<AppEnv>): Promise<Response> {
  return withSnapshot(c, async ({ repository, snapshot }) => {
    const { recursive, expand } = parse(treeQuerySchema, c.req.query());
    const folder = (c.req.param('path') ?? '').replace(/\/+$/, '');
    const entries = entriesBelow(await allEntries(snapshot, expand), folder, recursive);
    return answer(c, snapshot.commit, entries ?? entryUnknown(repository, snapshot, `${folder}/`));
  });
}

function readPathsInfo(c: Context<AppEnv>): Promise<Response> {
  return withSnapshot(c, async ({ snapshot }: Found) => {
    const { paths, expand } = await readPaths(c.req.raw);
    const entries = await allEntries(snapshot, expand);
    const found = [...new Set(paths)].flatMap((path) => {
      const entry = entries.find((one) => one.path === path.replace(/\/+$/, ''));
      return entry === undefined ? [] : [entry];
    });
    return answer(c, snapshot.commit, found);
  });
}

function refDocument(
  kind: 'heads' | 'tags',
  { name, commit }: Ref,
): z.output<typeof refsSchema>['branches'][number] {
  return { name, ref: `refs/${kind}/${name}`, targetCommit: commit };
}

/** What a repository says of itself may change with the next version of a hypernetwork. */
function answer(c: Context<AppEnv>, commit: string, document: object): Response {
  c.header('Cache-Control', 'no-cache');
  c.header('X-Repo-Commit', commit);
  return c.json(document);
}
