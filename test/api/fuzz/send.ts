/** Sends a request byte by byte: `fetch` would put the path right, and choose some headers itself. */
import { type Agent, request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { HostileRequest } from './requests.ts';

/** What came back. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly ms: number;
}

/** The answer, whole; rejects if there is none in time, or not as much of it as was announced. */
export function sendHostile(
  origin: string,
  { method, address, headers, body }: HostileRequest,
  { agent, withinMs }: { readonly agent: Agent; readonly withinMs: number },
): Promise<Received> {
  const { hostname, port } = new URL(origin);
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method,
        path: address,
        agent,
        // Node says how long a body is for some methods only.
        headers: { ...headers, ...(body && { 'content-length': body.length }) },
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: decoded(Buffer.concat(pieces), response.headers['content-encoding']),
            ms: performance.now() - start,
          }),
        );
      },
    );
    sent.setTimeout(withinMs, () => sent.destroy(new Error(`no answer within ${withinMs} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** miniflare compresses for who asks for it, as Cloudflare does. */
function decoded(body: Buffer, coding: string | undefined): Buffer {
  if (body.length === 0 || coding === undefined) {
    return body;
  }
  return coding === 'br' ? brotliDecompressSync(body) : gunzipSync(body);
}
