/** The repository and the commit that a request names, for all routes of the protocol. */
import type { Context } from 'hono';
import { T2lError } from '../../contract/errors.ts';
import { findRepository } from '../../hub/find.ts';
import type { HubEffects } from '../../hub/repository.ts';
import { commitNamed, type Repository, type Snapshot } from '../../hub/repository.ts';
import { redirectTo, upstreamUrl } from '../../hub/upstream.ts';
import { routedUrl } from '../path.ts';
import type { AppEnv } from '../route.ts';

/** A repository of ours at the commit that was asked for. */
export interface Found {
  readonly repository: Repository;
  readonly snapshot: Snapshot;
}

/** The effects of repositories, from the services and bindings of a request. */
export function hubEffects(c: Context<AppEnv>): HubEffects {
  return {
    ...c.get('services'),
    assets: c.env.ASSETS,
    bundles: c.env.HYPERNETS,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  };
}

/**
 * The answer of `ours` for a repository that is served here, or the way to another hub.
 *
 * @param elsewhere what to do about the address at the other hub; a redirect unless told
 */
export async function withRepository(
  c: Context<AppEnv>,
  ours: (repository: Repository) => Promise<Response>,
  elsewhere: (url: URL) => Promise<Response> | Response = redirectTo,
): Promise<Response> {
  const [owner, name] = [c.req.param('namespace') ?? '', c.req.param('name') ?? ''];
  const repository = await findRepository(owner, name, hubEffects(c));
  return repository === undefined ? leaveTo(c, elsewhere) : ours(repository);
}

/** The same, at the revision of the path or at `main`. */
export function withSnapshot(
  c: Context<AppEnv>,
  ours: (found: Found) => Promise<Response>,
  elsewhere?: (url: URL) => Promise<Response> | Response,
): Promise<Response> {
  return withRepository(
    c,
    async (repository) => {
      const commit = commitNamed(repository, c.req.param('revision'));
      return ours({ repository, snapshot: await repository.snapshot(commit) });
    },
    elsewhere,
  );
}

/** What is not ours, for the hub that HUB_UPSTREAM names. */
export async function leaveTo(
  c: Context<AppEnv>,
  elsewhere: (url: URL) => Promise<Response> | Response = redirectTo,
): Promise<Response> {
  const { HUB_UPSTREAM: upstream } = c.env;
  if (upstream === undefined || upstream === '') {
    throw new T2lError(
      'repository_unknown',
      `There is no repository at ${c.req.path}; adapters are t2l/<id>, and POST /v1/adapters makes one.`,
    );
  }
  return elsewhere(upstreamUrl(upstream, routedUrl(c.req.raw)));
}
