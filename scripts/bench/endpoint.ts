/**
 * The endpoint under measurement: scripts/bench/worker.ts, built by wrangler as it would be deployed,
 * in workerd with its inspector open, because what the JavaScript half of an isolate holds is known
 * to the inspector only.
 *
 * Nothing that it stores outlives it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as readWorkerOptions } from 'wrangler';
import { z } from 'zod';
import { OFFLINE, ROOT, WRANGLER } from '../environment.ts';

/** A running endpoint and the address of its isolate's inspector. */
export interface BenchEndpoint {
  readonly origin: string;
  readonly inspector: string;
  close(): Promise<void>;
}

const NAME = 'bench';
const inspectorListSchema = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.string() }));

/** Builds and starts the Worker with empty stores. */
export async function startBenchEndpoint(adminToken: string): Promise<BenchEndpoint> {
  Object.assign(process.env, OFFLINE);
  const built = await mkdtemp(join(tmpdir(), 't2l-bench-'));
  const { workerOptions } = readWorkerOptions(join(ROOT, 'wrangler.toml'));
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'deploy', 'scripts/bench/worker.ts', '--dry-run', '--outdir', built],
    { cwd: ROOT },
  );
  const names = await readdir(built);
  const modules = [
    { type: 'ESModule', path: join(built, 'worker.js') } as const,
    ...names
      .filter((name) => name.endsWith('.wasm'))
      .map((name) => ({ type: 'CompiledWasm', path: join(built, name) }) as const),
  ];
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: NAME,
      host: '127.0.0.1',
      inspectorPort: 0,
      inspectorHost: '127.0.0.1',
      modules,
      modulesRoot: built,
      compatibilityDate: z.string().parse(workerOptions.compatibilityDate),
      r2Buckets: { ADAPTERS: 'adapters', HYPERNETS: 'hypernets' },
      d1Databases: { DB: 'db' },
      bindings: { ADMIN_TOKEN: adminToken },
      assets: {
        directory: join(ROOT, 'src/assets'),
        binding: 'ASSETS',
        routerConfig: { has_user_worker: true },
        assetConfig: { not_found_handling: 'none' },
      },
    }),
  );
  async function close(): Promise<void> {
    await runtime.dispose();
    await rm(built, { recursive: true, force: true });
  }
  try {
    const { origin } = await runtime.ready;
    await migrate(origin);
    return { origin, inspector: await inspectorOf(await runtime.getInspectorURL()), close };
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

async function migrate(origin: string): Promise<void> {
  const folder = join(ROOT, 'migrations');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  for (const file of files) {
    const body = await readFile(join(folder, file));
    const response = await fetch(`${origin}/bench/migrate`, { method: 'POST', body });
    if (!response.ok) {
      throw new Error(`${file} cannot be applied: ${await response.text()}`);
    }
  }
}
