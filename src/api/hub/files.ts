/** `/{namespace}/{name}/resolve/...`: the files of a repository; `/raw/`: git's pointers to them. */

import type { Context } from 'hono';
import { isHex64 } from '../../contract/hex.ts';
import { commitOf, NAMESPACE } from '../../contract/repository-names.ts';
import { canonicalId } from '../../contract/requests/names.ts';
import { pointerOf } from '../../hub/git-objects.ts';
import { fileAt } from '../../hub/repository.ts';
import { headUpstream, redirectTo } from '../../hub/upstream.ts';
import type { ByteRange } from '../../store/blobs.ts';
import { BUNDLE_CODES } from '../codes.ts';
import * as z from '../described.ts';
import { FILE_CONTENT, FILE_HEADERS, RANGE_CONTENT } from '../docs/bytes.ts';
import { knownFile } from '../known-file.ts';
import { etagOf } from '../range.ts';
import { type App, type AppEnv, addRoute } from '../route.ts';
import { IMMUTABLE, sendFile } from '../send-file.ts';
import { hubHandler, hubProblems } from './errors.ts';
import { FILE_PARAMETERS, UPSTREAM_CODES, UPSTREAM_HEAD_CODES } from './parameters.ts';
import { type Found, withSnapshot } from './repository.ts';

/** A commit never changes but for the wording of its card; what a prefix or a branch stands for may. */
const MOVABLE = 'no-cache, no-transform';

/** Adds the routes of files. */
export function registerHubFileRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/{namespace}/{name}/resolve/{revision}/{path}',
      summary: 'Hub protocol: read a file',
      description:
        'Also HEAD. `ETag`, `X-Linked-Etag` and `Repr-Digest` are the sha256 of the file; one byte Range is understood.',
      request: { params: FILE_PARAMETERS, headers: FILE_HEADERS },
      responses: {
        200: { description: 'The file.', content: FILE_CONTENT },
        206: { description: 'The range of the file.', content: RANGE_CONTENT },
        304: { description: 'The client has the file.' },
        307: {
          description: 'Not ours: the location is at another hub; to HEAD with its metadata.',
        },
        ...hubProblems([
          ...UPSTREAM_CODES,
          ...UPSTREAM_HEAD_CODES,
          'range_malformed',
          'range_unsatisfiable',
          'adapter_remaking',
          'adapter_bytes_changed',
          'adapter_outdated',
          'hypernet_unknown',
          ...BUNDLE_CODES,
        ]),
      },
    },
    hubHandler(
      async (c) =>
        (await sendKnown(c)) ?? withSnapshot(c, (found) => sendResolved(c, found), elsewhere(c)),
    ),
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/{namespace}/{name}/raw/{revision}/{path}',
      summary: 'Hub protocol: read the Git LFS pointer of a file',
      request: { params: FILE_PARAMETERS },
      responses: {
        200: {
          description: 'The pointer that git holds in place of the file.',
          content: { 'text/plain': { schema: z.string() } },
        },
        307: { description: 'Not ours: the location is at another hub.' },
        ...hubProblems([...UPSTREAM_CODES, 'revision_unknown', 'entry_unknown', ...BUNDLE_CODES]),
      },
    },
    hubHandler((c) => withSnapshot(c, (found) => sendPointer(c, found))),
  );
}

/** How a file of another hub is answered: HEAD by its metadata, GET by its address. */
export function elsewhere(c: Context<AppEnv>): (url: URL) => Promise<Response> | Response {
  return c.req.method === 'HEAD' ? (url) => headUpstream(url) : redirectTo;
}

/** A stored file of an adapter, if it is known without its row; at the one commit that its id names. */
async function sendKnown(c: Context<AppEnv>): Promise<Response | undefined> {
  const [name, revision] = [c.req.param('name') ?? '', c.req.param('revision') ?? ''];
  const commit = commitOf(canonicalId(name));
  if (c.req.param('namespace') !== NAMESPACE || !['main', commit].includes(revision)) {
    return undefined;
  }
  // Whoever asks for the head of a file that is gone has it made again.
  const known = await knownFile(c, name, c.req.param('path') ?? '', c.req.method === 'HEAD');
  const fixed = isHex64(name) && revision === commit;
  return known && sendFile(c.req.raw, resolved(known, fixed), hubHeaders(known, commit));
}

async function sendResolved(
  c: Context<AppEnv>,
  { repository, snapshot }: Found,
): Promise<Response> {
  const file = await fileAt(repository, snapshot, c.req.param('path') ?? '');
  const lasting = repository.lasting && file.lasting !== false;
  const fixed = lasting && c.req.param('revision') === snapshot.commit;
  const content = {
    read: (range?: ByteRange) => snapshot.read(file, range),
    announce: () => snapshot.announce(file),
  };
  return sendFile(
    c.req.raw,
    { ...resolved(file, fixed), ...content },
    hubHeaders(file, snapshot.commit),
  );
}

/** @param fixed whether the address means these bytes for good */
export function resolved<File extends { readonly sha256: string }>(file: File, fixed: boolean) {
  return { ...file, etag: etagOf(file.sha256), cacheControl: fixed ? IMMUTABLE : MOVABLE };
}

/** What the protocol says of a file besides. */
export function hubHeaders(
  { sha256, bytes }: { readonly sha256: string; readonly bytes: number },
  commit: string,
): Record<string, string> {
  return {
    'X-Linked-Etag': etagOf(sha256),
    // Proxies that compress text drop Content-Length, and clients compare the size.
    'X-Linked-Size': String(bytes),
    'X-Repo-Commit': commit,
  };
}

async function sendPointer(c: Context<AppEnv>, { repository, snapshot }: Found): Promise<Response> {
  const file = await fileAt(repository, snapshot, c.req.param('path') ?? '');
  const { text, oid } = await pointerOf(file);
  return new Response(c.req.method === 'HEAD' ? null : text, {
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(text.length),
      ETag: etagOf(oid),
      'X-Repo-Commit': snapshot.commit,
      'Cache-Control': MOVABLE,
    },
  });
}
