/**
 * The whole endpoint for tests: the built Worker in workerd. A file that counts what is stored, changes
 * it by another way than requests, or registers bundles starts one of its own, with empty stores; others
 * share one, where they make adapters of descriptions that no other file has.
 */
import { inject } from 'vitest';
import { ADMIN_TOKEN, type Endpoint, type Extras, startBuilt } from './endpoint.ts';

export { ADMIN_TOKEN };

/** An endpoint to send requests to. */
export interface SharedServer {
  readonly origin: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs or PUTs a JSON value. */
  send(path: string, value: unknown, init?: RequestInit): Promise<Response>;
}

/** A running endpoint with access to what it stores. */
export type TestServer = SharedServer & Endpoint;

/**
 * Starts an endpoint of its own for a test file.
 *
 * @param extras without `copies` for tests of what R2 has, which a reader's copy would hide
 */
export async function startServer(
  secrets: Readonly<Record<string, string>> = { ADMIN_TOKEN },
  extras: Extras = {},
): Promise<TestServer> {
  const endpoint = await startBuilt(inject('worker'), secrets, extras);
  return { ...endpoint, ...callsTo(endpoint.origin) };
}

/** The endpoint that test files share, which they neither close nor find empty. */
export async function sharedServer(): Promise<SharedServer> {
  const answer = await fetch(inject('sharedEndpoint'));
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`the shared endpoint did not start: ${text}`);
  }
  return callsTo(text);
}

function callsTo(origin: string): SharedServer {
  function call(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${origin}${path}`, { redirect: 'manual', ...init });
  }
  return {
    origin,
    fetch: call,
    send(path, value, init = {}) {
      const headers = { 'content-type': 'application/json', ...init.headers };
      return call(path, { method: 'POST', ...init, headers, body: JSON.stringify(value) });
    },
  };
}
