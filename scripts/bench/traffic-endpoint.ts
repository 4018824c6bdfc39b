/**
 * An endpoint that bears traffic: the Worker as it is deployed, in workerd with R2, D1, the Cache API and its
 * static assets, as `t2l serve` has it; with a budget of stored bytes so small that it evicts, and the memory
 * of its process to be read off.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import type { Env } from '../../src/env.ts';
import { ROOT } from '../environment.ts';
import { buildWorker } from './built-worker.ts';
import { migrate } from './migrate.ts';

/** The endpoint and what may be done to it from outside. */
export interface TrafficEndpoint {
  readonly origin: string;
  readonly bundles: Pick<Env['HYPERNETS'], 'put'>;
  /** Does what the Worker does by the clock; gives the outcome that the platform sees. */
  scheduled(): Promise<string>;
  /** Bytes of memory that workerd holds. */
  memory(): Promise<number>;
  close(): Promise<void>;
}

const NAME = 't2l-edge';
const EVERY_HOUR = '17 * * * *';
const RESIDENT = /^VmRSS:\s+(\d+) kB$/m;

/**
 * Starts it with empty stores.
 *
 * @param variables secrets and settings, beside those of `npm start`
 */
export async function startTrafficEndpoint(
  variables: Readonly<Record<string, string>>,
): Promise<TrafficEndpoint> {
  const built = await buildWorker('src/index.ts');
  const before = await children();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: NAME,
      host: '127.0.0.1',
      log: new Log(LogLevel.WARN),
      // What the Worker says of each of its jobs is not the result.
      handleStructuredLogs: () => undefined,
      telemetry: { enabled: false },
      modules: [...built.modules],
      modulesRoot: built.folder,
      compatibilityDate: built.compatibilityDate,
      r2Buckets: ['ADAPTERS', 'HYPERNETS'],
      d1Databases: ['DB'],
      bindings: { LISTS: 'public', LIMITS: 'off', ...variables },
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
    await built.remove();
  }
  try {
    const { origin } = await runtime.ready;
    await migrate(await runtime.getD1Database('DB', NAME));
    const workerd = (await children()).find((process) => !before.includes(process));
    return {
      origin,
      bundles: (await runtime.getBindings<Env & Record<string, unknown>>(NAME)).HYPERNETS,
      async scheduled() {
        const worker = await runtime.getWorker(NAME);
        return (await worker.scheduled({ cron: EVERY_HOUR })).outcome;
      },
      async memory() {
        const status = await readFile(`/proc/${workerd}/status`, 'utf8');
        return Number(RESIDENT.exec(status)?.[1]) * 1024;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The processes that this one has started. */
async function children(): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    processes.map(async (id) => {
      const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
      // Its name, which may have anything in it, is in brackets; then its state and its parent.
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(parent) === process.pid ? [id] : [];
    }),
  );
  return found.flat();
}
