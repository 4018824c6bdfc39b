/**
 * A throw-away endpoint for scripts: the Worker of wrangler.toml, or another one with its bindings,
 * in workerd on this machine, with the static assets, an empty R2 and an empty, migrated D1.
 *
 * Nothing that it stores outlives it, and it never touches the data of `npm start`.
 */
import { join } from 'node:path';
import { createTestHarness, unstable_readConfig as readConfig } from 'wrangler';
import type { Env } from '../src/env.ts';
import { OFFLINE, ROOT } from './environment.ts';
import { makePages } from './pages.ts';

/** A running endpoint and what it stores. */
export interface Endpoint {
  readonly origin: string;
  readonly env: Env;
  /** Does what the Worker does by the clock; gives the outcome that the platform sees. */
  scheduled(): Promise<string>;
  close(): Promise<void>;
}

/** How to start an endpoint. */
export interface EndpointOptions {
  /** The Worker's entry file, from the root of the repository. */
  readonly main?: string;
  /** The folder of a built Worker, instead. */
  readonly built?: string;
  /** Secrets such as ADMIN_TOKEN; none if left out. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The checkout whose Worker it is; this one if left out. */
  readonly root?: string;
}

/** Starts an endpoint with empty stores. */
export async function startEndpoint({
  main = 'src/index.ts',
  built,
  secrets = {},
  root = ROOT,
}: EndpointOptions = {}): Promise<Endpoint> {
  Object.assign(process.env, OFFLINE);
  await makePages();
  const configPath = 'wrangler.toml';
  const harness = createTestHarness({
    root,
    workers: [
      built === undefined
        ? { config: configOf(join(root, configPath), main, secrets) }
        : { configPath, prebuiltWorkerDir: built, secrets: { ...secrets } },
    ],
  });
  try {
    const { url } = await harness.listen();
    const worker = harness.getWorker<Env & Record<string, unknown>>();
    await worker.applyD1Migrations('DB');
    return {
      origin: url.origin,
      env: await worker.getEnv(),
      scheduled: async () => (await worker.scheduled({ cron: '17 * * * *' })).outcome,
      close: () => harness.close(),
    };
  } catch (error) {
    await harness.close();
    throw error;
  }
}

/** The configuration of wrangler.toml with another entry. It has no build step: sources are current. */
function configOf(path: string, main: string, vars: Readonly<Record<string, string>>) {
  const config = readConfig({ config: path }, { hideWarnings: true });
  return {
    name: config.name ?? 't2l-edge',
    main,
    ...(config.compatibility_date && { compatibility_date: config.compatibility_date }),
    assets: { ...config.assets, directory: 'src/assets' },
    r2_buckets: config.r2_buckets,
    d1_databases: config.d1_databases,
    vars: { ...vars },
  };
}
