/**
 * Another hub for tests: answers a few addresses as huggingface.co does (small files by a relative
 * redirect to its cache, large ones by a redirect to another host, with what belongs to Xet) and
 * notes every request that reaches it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const SMALL = '{"model_type": "llama"}';
export const SMALL_ETAG = 'd1e2f3a4b5c60718293a4b5c6d7e8f9001122334';
export const LARGE_SHA256 = 'ab'.repeat(32);
export const LARGE_BYTES = 4_000_000_000;

/** A hub that listens on this machine. */
export interface OtherHub {
  readonly origin: string;
  /** Method, path and headers of every request so far. */
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

const XET = {
  'x-xet-hash': 'cd'.repeat(32),
  'x-xet-refresh-route': '/api/models/org/model/xet-read-token/main',
  link: '<https://hub.example/api/models/org/model/xet-read-token/main>; rel="xet-auth"',
};

/** Starts the hub. */
export async function startOtherHub(): Promise<OtherHub> {
  const requests: OtherHub['requests'] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, headers });
    answer(url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests, close: () => stop(server) };
}

function answer(url: string, response: ServerResponse): void {
  function send(status: number, headers: Record<string, string | number>, body = ''): void {
    response.writeHead(status, headers).end(body);
  }
  const file = url.split('?', 1)[0]?.split('/').at(-1);
  if (url.startsWith('/api/resolve-cache/')) {
    send(
      200,
      { etag: `W/"${SMALL_ETAG}"`, 'x-repo-commit': COMMIT, 'content-length': SMALL.length },
      SMALL,
    );
  } else if (url.startsWith('/api/')) {
    send(200, { 'content-type': 'application/json' }, JSON.stringify({ id: url, sha: COMMIT }));
  } else if (file === 'config.json') {
    send(
      307,
      {
        location: `/api/resolve-cache/models/org/model/${COMMIT}/config.json?etag=%22x%22`,
        'x-repo-commit': COMMIT,
        'x-linked-etag': `"${SMALL_ETAG}"`,
        'x-linked-size': SMALL.length,
        ...XET,
      },
      'Temporary Redirect',
    );
  } else if (file === 'bare.json') {
    // A redirect that says nothing of the file, as of a renamed repository.
    send(307, { location: '/api/resolve-cache/models/org/model/bare.json' }, 'Redirect');
  } else if (file === 'plain.json') {
    send(200, { etag: `"${SMALL_ETAG}"`, 'x-repo-commit': COMMIT, 'content-length': SMALL.length });
  } else if (file === 'model.safetensors') {
    send(302, {
      location: 'https://cdn.example/blob?signature=1',
      'x-repo-commit': COMMIT,
      'x-linked-etag': `"${LARGE_SHA256}"`,
      'x-linked-size': LARGE_BYTES,
      ...XET,
    });
  } else if (file === 'gated.json') {
    send(401, { 'x-error-code': 'GatedRepo', 'x-error-message': 'Access is restricted.' });
  } else if (file === 'busy.json') {
    send(429, { 'retry-after': '55' });
  } else if (file === 'broken.json') {
    send(500, {});
  } else if (file === 'mute.json') {
    send(200, {});
  } else if (file === 'revision.json') {
    send(404, { 'x-error-code': 'RevisionNotFound', 'x-error-message': 'Invalid rev id: x' });
  } else if (file !== 'slow.json') {
    // slow.json gets no answer at all.
    send(404, {
      'x-error-code': 'EntryNotFound',
      'x-error-message': 'Entry not found',
      'x-repo-commit': COMMIT,
    });
  }
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
