/**
 * The built Worker in workerd, with R2 and D1 of its own, as `t2l serve` runs it: through miniflare, in
 * one process, and without wrangler, whose proxies and their start would cost every test file seconds.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../src/env.ts';

const ROOT = join(import.meta.dirname, '..');
const BUILT = join(ROOT, 'dist/worker');
const NAME = 't2l-edge';

export const ADMIN_TOKEN = 'test-admin-token';

/** What wrangler.toml and the folder of migrations say of the Worker. */
export interface WorkerFacts {
  readonly compatibilityDate: string;
  /** The bindings. */
  readonly r2Buckets: readonly string[];
  readonly d1Databases: readonly string[];
  readonly migrations: readonly { readonly name: string; readonly queries: readonly string[] }[];
}

/** A running endpoint and what it stores. */
export interface Endpoint {
  readonly origin: string;
  readonly env: Env;
  /** Does what the Worker does by the clock; gives the outcome that the platform sees. */
  scheduled(): Promise<string>;
  /** The WebSocket of the Worker's inspector, if it is to be inspected. */
  inspector(): Promise<string>;
  close(): Promise<void>;
}

/** What an endpoint has besides. */
export interface Extras {
  /** Whether there is a Cache API, as there is; without, as below workers.dev, every read asks R2. */
  readonly copies?: boolean;
  /** How often a minute each of these bindings lets a client pass; without, there is no such limit. */
  readonly rates?: Readonly<Record<string, number>>;
  /** A queue, and the Worker as its consumer, of so many messages at a time. */
  readonly queue?: number;
  /** Whether the Worker's isolate can be inspected. */
  readonly inspected?: boolean;
}

/** An isolate in the list of those that can be inspected. */
interface Inspected {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

/** Starts the built Worker with empty stores and these secrets or variables. */
export async function startBuilt(
  facts: WorkerFacts,
  secrets: Readonly<Record<string, string>>,
  { copies = true, rates = {}, queue, inspected = false }: Extras = {},
): Promise<Endpoint> {
  // Loaded here, so that tests which share an endpoint do without it.
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import('miniflare');
  // Miniflare would look up where this machine is; tests need no network.
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false';
  const names = (await readdir(BUILT)).filter((name) => name.endsWith('.wasm'));
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: NAME,
      host: '127.0.0.1',
      ...(inspected && { inspectorPort: 0, inspectorHost: '127.0.0.1' }),
      log: new Log(LogLevel.WARN),
      // Many tests are about faults that the Worker logs; what matters of them is in its answers.
      handleStructuredLogs: () => undefined,
      modules: [
        { type: 'ESModule', path: join(BUILT, 'index.js') },
        ...names.map((name) => ({ type: 'CompiledWasm', path: join(BUILT, name) }) as const),
      ],
      modulesRoot: BUILT,
      compatibilityDate: facts.compatibilityDate,
      r2Buckets: [...facts.r2Buckets],
      d1Databases: [...facts.d1Databases],
      cacheAPI: copies,
      ratelimits: Object.fromEntries(
        Object.entries(rates).map(([name, limit]) => [
          name,
          { namespace_id: name, simple: { limit, period: 60 } },
        ]),
      ),
      ...(queue !== undefined && {
        queueProducers: { QUEUE: 'generate' },
        queueConsumers: { generate: { maxBatchSize: queue, maxBatchTimeout: 0.1, maxRetries: 3 } },
      }),
      // As npm start has it; test/api/access.test.ts is about what a deployment has.
      bindings: { LISTS: 'public', LIMITS: 'off', ...secrets },
      assets: {
        directory: join(ROOT, 'src/assets'),
        binding: 'ASSETS',
        routerConfig: { has_user_worker: true },
        assetConfig: { not_found_handling: 'none' },
      },
      telemetry: { enabled: false },
    }),
  );
  try {
    const { origin } = await runtime.ready;
    const env = await runtime.getBindings<Env & Record<string, unknown>>();
    const statements = facts.migrations.flatMap(({ queries }) => queries);
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));
    return {
      origin,
      env,
      async scheduled() {
        const worker = await runtime.getWorker(NAME);
        return (await worker.scheduled({ cron: '17 * * * *' })).outcome;
      },
      async inspector() {
        const { href } = new URL('/json', await runtime.getInspectorURL());
        const listed = (await (await fetch(href.replace(/^ws/, 'http'))).json()) as Inspected[];
        return listed.find(({ id }) => id === `core:user:${NAME}`)?.webSocketDebuggerUrl ?? '';
      },
      close: () => runtime.dispose(),
    };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}
