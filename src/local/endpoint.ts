/**
 * The endpoint itself on this machine: the built Worker in workerd, through miniflare, with R2 and D1
 * in a folder. Miniflare brings workerd, a hundred megabytes that only this needs, so the package
 * does not depend on it; it is imported when it is wanted.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';
import { T2lError } from '../contract/errors.ts';
import { ASSETS, MIGRATIONS, packageFacts, WORKER } from './places.ts';
import { readIfThere } from './whole-file.ts';

/** `worker.json`, which the build writes beside the Worker. */
export interface BuiltWorker {
  readonly compatibilityDate: string;
  /** Binding -> name. */
  readonly r2Buckets: Readonly<Record<string, string>>;
  /** Binding -> id. */
  readonly d1Databases: Readonly<Record<string, string>>;
  /** The first is the entry; `file` lies in the Worker's folder. */
  readonly modules: readonly {
    readonly type: 'ESModule' | 'CompiledWasm' | 'Text' | 'Data';
    readonly path: string;
    readonly file: string;
  }[];
}

/** Where to listen, what to keep and what to bind. */
export interface EndpointOptions {
  readonly host: string;
  readonly port: number;
  /** Folder of R2 and D1. */
  readonly data: string;
  /** Variables and secrets of the Worker. */
  readonly bindings: Readonly<Record<string, string>>;
}

/** A running endpoint. */
export interface LocalEndpoint {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts the endpoint and brings its database up to date. */
export async function startLocalEndpoint(options: EndpointOptions): Promise<LocalEndpoint> {
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await importMiniflare();
  const worker = await readWorker();
  // Miniflare would look up where this machine is.
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false';
  const server = new Miniflare(
    convertV4MiniflareOptions({
      name: 't2l-edge',
      compatibilityDate: worker.compatibilityDate,
      modules: await Promise.all(
        worker.modules.map(async ({ type, path, file }) => ({
          type,
          path,
          contents: new Uint8Array(await readFile(join(WORKER, file))),
        })),
      ),
      host: options.host,
      port: options.port,
      resourcePersistencePath: options.data,
      log: new Log(LogLevel.WARN),
      r2Buckets: { ...worker.r2Buckets },
      d1Databases: { ...worker.d1Databases },
      bindings: { ...options.bindings },
      assets: {
        directory: ASSETS,
        binding: 'ASSETS',
        routerConfig: { has_user_worker: true },
        assetConfig: { not_found_handling: 'none' },
      },
      telemetry: { enabled: false },
    }),
  );
  try {
    const { origin } = await server.ready;
    for (const binding of Object.keys(worker.d1Databases)) {
      await migrate(server, binding);
    }
    return { origin, close: () => server.dispose() };
  } catch (error) {
    await server.dispose();
    throw error;
  }
}

async function importMiniflare(): Promise<typeof import('miniflare')> {
  try {
    return await import('miniflare');
  } catch (cause) {
    const { miniflare } = packageFacts();
    throw new T2lError(
      'miniflare_missing',
      `t2l serve needs miniflare ${miniflare}, which ${reasonOf(cause)}. ` +
        `Install it beside t2l: npm install miniflare@${miniflare}. It takes Node.js 22 or later, this is ${process.versions.node}.`,
    );
  }
}

function reasonOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    ? 'is not installed'
    : `does not load (${cause instanceof Error ? cause.message : cause})`;
}

async function readWorker(): Promise<BuiltWorker> {
  const bytes = await readIfThere(join(WORKER, 'worker.json'));
  if (bytes === null) {
    throw new T2lError(
      'worker_missing',
      `There is no built Worker at ${WORKER}; npm run build:package makes it.`,
    );
  }
  return JSON.parse(new TextDecoder().decode(bytes)) as BuiltWorker;
}

/** Applies the migrations that the database lacks, each whole, and notes them as wrangler does. */
async function migrate(server: Miniflare, binding: string): Promise<void> {
  const database = await server.getD1Database(binding);
  await database
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, ' +
        'name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .run();
  const { results } = await database
    .prepare('SELECT name FROM d1_migrations')
    .all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
  for (const name of names.filter((one) => !applied.has(one))) {
    const sql = await readFile(join(MIGRATIONS, name), 'utf8');
    await database.batch([
      ...sql.split('--> statement-breakpoint').map((statement) => database.prepare(statement)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ]);
  }
}
