/**
 * Repositories that are not ours, for endpoints that name a hub to send clients on to. Old clients do
 * not follow a redirect to another host when they ask for the metadata of a file: they take the
 * redirect itself for the answer. So a HEAD is asked here, without redirects, and answered by one
 * redirect that carries the metadata. The bytes never pass through us, and neither does the client's
 * token: the Authorization header is neither read nor sent on, so upstream sees an anonymous visitor.
 *
 * What belongs to Xet is dropped: a client that saw it would come back to us for its tokens.
 */
import { T2lError } from '../contract/errors.ts';

/** Clients wait ten seconds for metadata. */
const TIMEOUT_MS = 8000;
/** Redirects to the metadata of a renamed repository or a cached file. */
const MAX_HOPS = 3;

/** What upstream says of a file. */
interface FileMetadata {
  readonly location: string;
  readonly commit: string;
  readonly etag: string;
  readonly size: string;
}

const CODES: Readonly<Record<string, 'repository_unknown' | 'revision_unknown' | 'entry_unknown'>> =
  {
    RepoNotFound: 'repository_unknown',
    RevisionNotFound: 'revision_unknown',
    EntryNotFound: 'entry_unknown',
  };

/**
 * The address of a request at the hub that the setting names.
 *
 * @param upstream the setting, `https://...`
 * @param here the request's own URL
 */
export function upstreamUrl(upstream: string, here: URL): URL {
  const base = URL.canParse(upstream) ? new URL(upstream) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.origin === here.origin) {
    throw new T2lError(
      'upstream_misconfigured',
      'HUB_UPSTREAM must be the http(s) address of another hub, such as https://huggingface.co.',
    );
  }
  // The path as it came: decoding it would turn refs%2Fpr%2F1 into three segments.
  return new URL(`${base.href.replace(/\/+$/, '')}${here.pathname}${here.search}`);
}

/** Sends a client on. */
export function redirectTo(url: URL): Response {
  return new Response(null, {
    status: 307,
    headers: { Location: url.href, 'Cache-Control': 'no-cache' },
  });
}

/** Answers a HEAD for a file from what upstream says of it. */
export async function headUpstream(url: URL, fetcher: typeof fetch = fetch): Promise<Response> {
  const { location, commit, etag, size } = await metadataOf(url, fetcher);
  return new Response(null, {
    status: 307,
    headers: {
      Location: location,
      'X-Repo-Commit': commit,
      'X-Linked-Etag': etag,
      'X-Linked-Size': size,
      'Cache-Control': 'no-cache',
    },
  });
}

async function metadataOf(url: URL, fetcher: typeof fetch): Promise<FileMetadata> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const found = new Map<string, string>();
  let at = url;
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const response = await ask(at, fetcher, signal);
    const redirect = response.status >= 300 && response.status < 400;
    const target = redirect ? response.headers.get('location') : null;
    if (!response.ok && target === null) {
      throw refusal(response, url);
    }
    note(found, response, redirect);
    const location = target === null ? at : new URL(target, at);
    const [commit, etag, size] = [found.get('commit'), found.get('etag'), found.get('size')];
    if (commit !== undefined && etag !== undefined && size !== undefined) {
      return { location: location.href, commit, etag, size };
    }
    if (target === null) {
      break;
    }
    at = location;
  }
  throw new T2lError('upstream_failed', `${url.origin} said too little of ${url.pathname}.`);
}

async function ask(url: URL, fetcher: typeof fetch, signal: AbortSignal): Promise<Response> {
  try {
    return await fetcher(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity', 'user-agent': 't2l-edge' },
      signal,
    });
  } catch {
    throw signal.aborted
      ? new T2lError(
          'upstream_timeout',
          `${url.origin} did not answer within ${TIMEOUT_MS / 1000} s; try again later.`,
        )
      : new T2lError('upstream_failed', `${url.origin} cannot be reached; try again later.`);
  }
}

/** Keeps what the first answer that has it says: later ones come from caches that know less. */
function note(found: Map<string, string>, { headers }: Response, redirect: boolean): void {
  const said = {
    commit: headers.get('x-repo-commit'),
    etag: headers.get('x-linked-etag') ?? (redirect ? null : headers.get('etag')),
    // The Content-Length of a redirect is that of its own text.
    size: headers.get('x-linked-size') ?? (redirect ? null : headers.get('content-length')),
  };
  for (const [name, value] of Object.entries(said)) {
    if (value !== null && !found.has(name)) {
      found.set(name, value);
    }
  }
}

function refusal({ status, headers }: Response, url: URL): T2lError {
  const said = headers.get('x-error-message') ?? `status ${status}`;
  const detail = `${url.origin} answers ${url.pathname}: ${said}`;
  const code = headers.get('x-error-code');
  if (status === 404) {
    const commit = headers.get('x-repo-commit');
    return new T2lError(CODES[code ?? ''] ?? 'repository_unknown', detail, {
      extra: { ...(commit !== null && { commit }) },
    });
  }
  if (status === 401 || status === 403 || status === 429) {
    const wait = headers.get('retry-after');
    return new T2lError('upstream_refused', detail, {
      status,
      extra: {
        headers: {
          ...(code !== null && { 'x-error-code': code }),
          ...(wait !== null && { 'retry-after': wait }),
        },
      },
    });
  }
  return new T2lError('upstream_failed', detail);
}
