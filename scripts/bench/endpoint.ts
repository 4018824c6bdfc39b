/**
 * The endpoint under measurement: scripts/bench/worker.ts, built by wrangler as it would be deployed,
 * in workerd with its inspector open, because what the JavaScript half of an isolate holds is known
 * to the inspector only.
 *
 * Nothing that it stores outlives it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { z } from 'zod';
import { ROOT } from '../environment.ts';
import { BARE_PUT } from './bare-put.ts';
import { type BuiltWorker, buildWorker } from './built-worker.ts';

/** A running endpoint and the address of its isolate's inspector. */
export interface BenchEndpoint {
  readonly origin: string;
  /** Of the Worker of bare-put.ts. */
  readonly barePutOrigin: string;
  readonly inspector: string;
  close(): Promise<void>;
}

/** The entry of the Worker under measurement. */
export const BENCH_WORKER = 'scripts/bench/worker.ts';
const NAME = 'bench';
const BARE_NAME = 'bare-put';
const inspectorListSchema = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.string() }));

/** Which Worker: this checkout's, built for this endpoint alone, if left out. */
export interface BenchEndpointOptions {
  /** A checkout. */
  readonly root?: string;
  /** Its Worker, which stays where it is. */
  readonly built?: BuiltWorker;
}

/** Starts the Worker with empty stores. */
export async function startBenchEndpoint(
  adminToken: string,
  { root = ROOT, built: given }: BenchEndpointOptions = {},
): Promise<BenchEndpoint> {
  const built = given ?? (await buildWorker(BENCH_WORKER, root));
  const bucket = { ADAPTERS: 'adapters' };
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      inspectorPort: 0,
      inspectorHost: '127.0.0.1',
      workers: [
        {
          name: NAME,
          modules: [...built.modules],
          modulesRoot: built.folder,
          compatibilityDate: built.compatibilityDate,
          r2Buckets: { ...bucket, HYPERNETS: 'hypernets' },
          d1Databases: { DB: 'db' },
          bindings: { ADMIN_TOKEN: adminToken },
          assets: {
            directory: join(root, 'src/assets'),
            binding: 'ASSETS',
            routerConfig: { has_user_worker: true },
            assetConfig: { not_found_handling: 'none' },
          },
        },
        {
          name: BARE_NAME,
          modules: true,
          script: BARE_PUT,
          compatibilityDate: built.compatibilityDate,
          r2Buckets: bucket,
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        },
      ],
    }),
  );
  async function close(): Promise<void> {
    await runtime.dispose();
    if (given === undefined) {
      await built.remove();
    }
  }
  try {
    const { origin } = await runtime.ready;
    await migrate(origin, root);
    return {
      origin,
      barePutOrigin: (await runtime.unsafeGetDirectURL(BARE_NAME)).origin,
      inspector: await inspectorOf(await runtime.getInspectorURL()),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The WebSocket of the Worker among those of Miniflare's own. */
async function inspectorOf(server: URL): Promise<string> {
  const response = await fetch(new URL('/json', server.href.replace(/^ws/, 'http')));
  const all = inspectorListSchema.parse(await response.json());
  const found = all.find(({ id }) => id === `core:user:${NAME}`);
  if (found === undefined) {
    throw new Error(`workerd inspects ${all.map(({ id }) => id).join(', ')}, not ${NAME}`);
  }
  return found.webSocketDebuggerUrl;
}

async function migrate(origin: string, root: string): Promise<void> {
  const folder = join(root, 'migrations');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  for (const file of files) {
    const body = await readFile(join(folder, file));
    const response = await fetch(`${origin}/bench/migrate`, { method: 'POST', body });
    if (!response.ok) {
      throw new Error(`${file} cannot be applied: ${await response.text()}`);
    }
  }
}
