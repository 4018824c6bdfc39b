/** A Worker of this repository, built by wrangler as it would be deployed, for miniflare to run. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unstable_getMiniflareWorkerOptions as readWorkerOptions } from 'wrangler';
import { z } from 'zod';
import { OFFLINE, ROOT, WRANGLER } from '../environment.ts';

/** What miniflare takes. */
export interface BuiltWorker {
  readonly folder: string;
  readonly modules: readonly {
    readonly type: 'ESModule' | 'CompiledWasm';
    readonly path: string;
  }[];
  readonly compatibilityDate: string;
  remove(): Promise<void>;
}

/**
 * Builds a Worker into a folder that goes with it.
 *
 * @param main its entry, from the root of the repository
 * @param root another checkout than this one
 */
export async function buildWorker(main: string, root = ROOT): Promise<BuiltWorker> {
  Object.assign(process.env, OFFLINE);
  const folder = await mkdtemp(join(tmpdir(), 't2l-bench-'));
  const { workerOptions } = readWorkerOptions(join(root, 'wrangler.toml'));
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'deploy', main, '--dry-run', '--outdir', folder],
    { cwd: root },
  );
  const names = await readdir(folder);
  const entry = names.filter((name) => name.endsWith('.js'));
  const graphs = names.filter((name) => name.endsWith('.wasm'));
  return {
    folder,
    modules: [
      ...entry.map((name) => ({ type: 'ESModule', path: join(folder, name) }) as const),
      ...graphs.map((name) => ({ type: 'CompiledWasm', path: join(folder, name) }) as const),
    ],
    compatibilityDate: z.string().parse(workerOptions.compatibilityDate),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
