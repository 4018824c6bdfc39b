/**
 * The endpoint of worker.ts on stores that outlive it, to be killed: workerd ends without a chance to finish
 * anything, as at a power cut, and the next one finds what it wrote.
 */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OFFLINE, ROOT, WRANGLER } from '../../scripts/environment.ts';
import type { Env } from '../../src/env.ts';
import { ADMIN_TOKEN, type WorkerFacts } from '../endpoint.ts';
import { ownWorkerds } from '../workerd.ts';

/** A running endpoint. */
export interface Killable {
  readonly origin: string;
  readonly env: Env;
  /** Ends workerd at once. */
  kill(): Promise<void>;
}

/** Builds worker.ts into a folder. */
export async function buildWorker(folder: string): Promise<void> {
  const entry = 'test/faults/worker.ts';
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'deploy', entry, '--dry-run', '--outdir', folder],
    { cwd: ROOT, env: { ...process.env, ...OFFLINE } },
  );
}

/** Starts the built Worker on a folder of data; the first start makes the tables. */
export async function startKillable(
  built: string,
  data: string,
  facts: WorkerFacts,
): Promise<Killable> {
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import('miniflare');
  const before = new Set(ownWorkerds());
  const files = await readdir(built);
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: 't2l-edge',
      host: '127.0.0.1',
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => undefined,
      modules: [
        { type: 'ESModule', path: join(built, 'worker.js') },
        ...files
          .filter((name) => name.endsWith('.wasm'))
          .map((name) => ({ type: 'CompiledWasm', path: join(built, name) }) as const),
      ],
      modulesRoot: built,
      compatibilityDate: facts.compatibilityDate,
      resourcePersistencePath: data,
      r2Buckets: [...facts.r2Buckets],
      d1Databases: [...facts.d1Databases],
      bindings: { ADMIN_TOKEN, LISTS: 'public', LIMITS: 'off' },
      assets: {
        directory: join(ROOT, 'src/assets'),
        binding: 'ASSETS',
        routerConfig: { has_user_worker: true },
        assetConfig: { not_found_handling: 'none' },
      },
      telemetry: { enabled: false },
    }),
  );
  const { origin } = await runtime.ready;
  const env = await runtime.getBindings<Env & Record<string, unknown>>();
  await migrate(env.DB, facts);
  const workerds = ownWorkerds().filter((id) => !before.has(id));
  return {
    origin,
    env,
    async kill() {
      for (const id of workerds) {
        process.kill(id, 'SIGKILL');
      }
      await runtime.dispose().catch(() => undefined);
    },
  };
}

async function migrate(database: D1Database, { migrations }: WorkerFacts): Promise<void> {
  const tables = await database
    .prepare("SELECT count(*) AS count FROM sqlite_master WHERE name = 'adapters'")
    .first<{ count: number }>();
  if (tables?.count === 0) {
    const statements = migrations.flatMap(({ queries }) => queries);
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}
