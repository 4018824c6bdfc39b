/**
 * The endpoint and the bare Workers in one workerd, over the same stores, each at a port of its own. None of
 * them stands behind static assets, whose router is a Worker of miniflare's before the Worker: the endpoint
 * reaches its assets by a binding.
 */
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { ROOT } from '../environment.ts';
import { BARE_WORKERS, type BareWorker } from './bare-workers.ts';
import { type BuiltWorker, buildWorker } from './built-worker.ts';
import { migrate } from './migrate.ts';

/** The endpoint, and the same without a Cache API, as below workers.dev. */
export type Side = 'endpoint' | 'uncached' | BareWorker;

/** All of them, running. */
export interface ReadsEndpoint {
  readonly origins: Readonly<Record<Side, string>>;
  /** The database of the endpoint. */
  readonly database: Pick<D1Database, 'prepare'>;
  close(): Promise<void>;
}

const ASSETS = 'assets';
const SOCKET = [{ host: '127.0.0.1', port: 0 }];
const STORES = {
  r2Buckets: { ADAPTERS: 'adapters', HYPERNETS: 'hypernets' },
  d1Databases: { DB: 'db' },
};

/** Starts them with empty stores. */
export async function startReadsEndpoint(): Promise<ReadsEndpoint> {
  const built = await buildWorker('scripts/bench/reads-worker.ts');
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      log: new Log(LogLevel.WARN),
      telemetry: { enabled: false },
      workers: [
        endpoint('endpoint', built, true),
        endpoint('uncached', built, false),
        ...Object.entries(BARE_WORKERS).map(([name, script]) => ({
          name,
          modules: true,
          script,
          compatibilityDate: built.compatibilityDate,
          ...STORES,
          unsafeDirectSockets: SOCKET,
        })),
        assetsWorker(built.compatibilityDate),
      ],
    }),
  );
  async function close(): Promise<void> {
    await runtime.dispose();
    await built.remove();
  }
  try {
    await runtime.ready;
    const database = await runtime.getD1Database('DB', 'endpoint');
    await migrate(database);
    const sides: Side[] = ['endpoint', 'uncached', ...(Object.keys(BARE_WORKERS) as BareWorker[])];
    const origins = await Promise.all(
      sides.map(async (side) => [side, (await runtime.unsafeGetDirectURL(side)).origin] as const),
    );
    return { origins: Object.fromEntries(origins) as Record<Side, string>, database, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function endpoint(
  name: string,
  { modules, folder, compatibilityDate }: BuiltWorker,
  cacheAPI: boolean,
) {
  return {
    name,
    modules: [...modules],
    modulesRoot: folder,
    compatibilityDate,
    ...STORES,
    bindings: { LISTS: 'public', LIMITS: 'off' },
    serviceBindings: { ASSETS },
    cacheAPI,
    unsafeDirectSockets: SOCKET,
  };
}

function assetsWorker(compatibilityDate: string) {
  return {
    name: ASSETS,
    modules: true,
    script: 'export default { fetch: () => new Response(null, { status: 404 }) }',
    compatibilityDate,
    assets: {
      directory: join(ROOT, 'src/assets'),
      routerConfig: { has_user_worker: true },
      assetConfig: { not_found_handling: 'none' as const },
    },
  };
}
