/** The whole endpoint for tests: the built Worker in workerd, with empty stores. */
import { type Endpoint, startEndpoint } from '../scripts/endpoint.ts';

export const ADMIN_TOKEN = 'test-admin-token';

/** A running endpoint with access to what it stores. */
export interface TestServer extends Endpoint {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs or PUTs a JSON value. */
  send(path: string, value: unknown, init?: RequestInit): Promise<Response>;
}

/** Starts an endpoint of its own for a test file. */
export async function startServer(
  secrets: Readonly<Record<string, string>> = { ADMIN_TOKEN },
): Promise<TestServer> {
  const endpoint = await startEndpoint({ built: 'dist/worker', secrets });
  function call(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${endpoint.origin}${path}`, { redirect: 'manual', ...init });
  }
  return {
    ...endpoint,
    fetch: call,
    send(path, value, init = {}) {
      const headers = { 'content-type': 'application/json', ...init.headers };
      return call(path, { method: 'POST', ...init, headers, body: JSON.stringify(value) });
    },
  };
}
