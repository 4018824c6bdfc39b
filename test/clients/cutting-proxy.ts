/**
 * A proxy that breaks off: the first GET of a file through it ends in the middle of the bytes that
 * were promised, as when a connection is lost. Everything else passes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy that listens on this machine. */
export interface CuttingProxy {
  readonly origin: string;
  /** `Range` of every GET of a file; null where there was none. */
  readonly ranges: (string | null)[];
  close(): Promise<void>;
}

/** Starts a proxy before an endpoint. */
export async function startCuttingProxy(endpoint: string): Promise<CuttingProxy> {
  const ranges: (string | null)[] = [];
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '' } = request;
    const headers = new Headers({ 'accept-encoding': 'identity' });
    if (request.headers.range !== undefined) {
      headers.set('range', request.headers.range);
    }
    const answer = await fetch(`${endpoint}${url}`, { method, headers, redirect: 'manual' });
    const bytes = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (method === 'GET' && url.includes('/resolve/')) {
      ranges.push(request.headers.range ?? null);
      if (ranges.length === 1) {
        response.write(bytes.subarray(0, bytes.length / 2), () => {
          // Late enough for the client to have read what was written.
          setTimeout(() => response.destroy(), 500);
        });
        return;
      }
    }
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    ranges,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
