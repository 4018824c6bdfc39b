/**
 * The whole endpoint for tests: the built Worker in workerd with its assets, an empty R2 and an empty
 * D1 to which the real migrations were applied.
 */
import { join } from 'node:path';
import { createTestHarness } from 'wrangler';
import type { Env } from '../src/env.ts';

export const ADMIN_TOKEN = 'test-admin-token';

/** A running endpoint with access to what it stores. */
export interface TestServer {
  /** Where it listens, for clients that fetch by themselves. */
  readonly origin: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs or PUTs a JSON value. */
  send(path: string, value: unknown, init?: RequestInit): Promise<Response>;
  readonly env: Env;
  close(): Promise<void>;
}

/** Starts an endpoint of its own for a test file. */
export async function startServer(secrets = { ADMIN_TOKEN }): Promise<TestServer> {
  const harness = createTestHarness({
    root: join(import.meta.dirname, '..'),
    workers: [{ configPath: 'wrangler.toml', prebuiltWorkerDir: 'dist/worker', secrets }],
  });
  const { url } = await harness.listen();
  const worker = harness.getWorker<Env & Record<string, unknown>>();
  await worker.applyD1Migrations('DB');
  function call(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${url.origin}${path}`, { redirect: 'manual', ...init });
  }
  return {
    origin: url.origin,
    fetch: call,
    send(path, value, init = {}) {
      const headers = { 'content-type': 'application/json', ...init.headers };
      return call(path, { method: 'POST', ...init, headers, body: JSON.stringify(value) });
    },
    env: await worker.getEnv(),
    close: () => harness.close(),
  };
}
