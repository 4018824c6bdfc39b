/**
 * Builds the Worker once, before the Node tests that run it, and hands them what its configuration says,
 * so that a test which starts it need not load wrangler.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readD1Migrations } from '@cloudflare/vitest-plugin';
import type { TestProject } from 'vitest/node';
import { unstable_readConfig as readConfig } from 'wrangler';
import type { WorkerFacts } from './endpoint.ts';
import { offerEndpoint } from './shared-endpoint.ts';

const ROOT = join(import.meta.dirname, '..');

declare module 'vitest' {
  interface ProvidedContext {
    /** What the built Worker needs to run. */
    worker: WorkerFacts;
    /** Where the endpoint that tests share is asked for. */
    sharedEndpoint: string;
  }
}

/** vitest calls this before the suite; what it returns, after it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', 'dist/worker'], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const worker = await factsOfWorker();
  const shared = await offerEndpoint(worker);
  project.provide('worker', worker);
  project.provide('sharedEndpoint', shared.address);
  return shared.close;
}

/** What wrangler's configuration says of a bucket or a database. */
type Bound = { readonly binding: string };

async function factsOfWorker(): Promise<WorkerFacts> {
  const config = readConfig({ config: join(ROOT, 'wrangler.toml') }, { hideWarnings: true });
  return {
    compatibilityDate: config.compatibility_date ?? '',
    r2Buckets: config.r2_buckets.map(({ binding }: Bound) => binding),
    d1Databases: config.d1_databases.map(({ binding }: Bound) => binding),
    migrations: await readD1Migrations(join(ROOT, 'migrations')),
  };
}
