/**
 * `/api/models/{namespace}/{name}/commits/{revision}` and `/auth-check`: what clients ask before or after
 * they read. Everything comes as it is in one commit, so a history is one entry; everybody may read.
 */

import type { Context } from 'hono';
import type * as z from 'zod';
import { lastCommitOf } from '../../hub/tree.ts';
import { BUNDLE_CODES } from '../codes.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { commitsSchema } from './documents.ts';
import { ELSEWHERE, hubHandler, hubProblems } from './errors.ts';
import { REPOSITORY_PARAMETERS, REVISION_PARAMETERS, UPSTREAM_CODES } from './parameters.ts';
import { withRepository, withSnapshot } from './repository.ts';

/** Adds the routes. */
export function registerHistoryRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/api/models/{namespace}/{name}/commits/{revision}',
      summary: 'Hub protocol: the commits up to a revision',
      request: { params: REVISION_PARAMETERS },
      responses: {
        200: {
          description: 'The one commit.',
          content: { 'application/json': { schema: commitsSchema } },
        },
        ...ELSEWHERE,
        ...hubProblems(['revision_unknown', ...UPSTREAM_CODES, ...BUNDLE_CODES]),
      },
    },
    hubHandler(readCommits),
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/api/models/{namespace}/{name}/auth-check',
      summary: 'Hub protocol: whether the caller may read',
      request: { params: REPOSITORY_PARAMETERS },
      responses: {
        200: { description: 'Everybody may.' },
        ...ELSEWHERE,
        ...hubProblems(UPSTREAM_CODES),
      },
    },
    hubHandler((c) =>
      withRepository(c, async () => {
        c.header('Cache-Control', 'no-cache');
        return c.text('OK');
      }),
    ),
  );
}

function readCommits(c: Context<AppEnv>): Promise<Response> {
  return withSnapshot(c, async ({ repository, snapshot }) => {
    const formatted = ['expand', 'expand[]'].some((name) =>
      c.req.queries(name)?.includes('formatted'),
    );
    const { id, title, date } = lastCommitOf(snapshot);
    const commits: z.output<typeof commitsSchema> = [
      {
        id,
        title,
        message: '',
        authors: [{ user: repository.id.split('/', 1)[0] ?? '' }],
        date,
        ...(formatted && { formatted: { title, message: '' } }),
      },
    ];
    c.header('Cache-Control', 'no-cache');
    c.header('X-Repo-Commit', snapshot.commit);
    return c.json(commits);
  });
}
