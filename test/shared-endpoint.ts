/**
 * One endpoint for all test files of a run that only send requests and would not mind what others made
 * there (test/server.ts, `sharedServer`). It starts when the first of them asks for it, as many runs of a
 * few files need none, and ends with the run, however that ends.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ADMIN_TOKEN, type Endpoint, startBuilt, type WorkerFacts } from './endpoint.ts';

/** Where to ask for the endpoint's origin; a failed start is the answer's text, with status 500. */
export interface EndpointOffer {
  readonly address: string;
  close(): Promise<void>;
}

/** Offers an endpoint to the processes of the tests. */
export async function offerEndpoint(facts: WorkerFacts): Promise<EndpointOffer> {
  let endpoint: Promise<Endpoint> | undefined;
  const server = createServer((_request, response) => {
    endpoint ??= startBuilt(facts, { ADMIN_TOKEN });
    endpoint.then(
      ({ origin }) => response.end(origin),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The tests' requests keep the run alive, not this.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await (await endpoint?.catch(() => undefined))?.close();
    },
  };
}
