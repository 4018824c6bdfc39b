/**
 * Five suites. `worker`: files named *.worker.test.ts run inside workerd with the bindings of
 * wrangler.toml (real R2 and D1, the real migrations) and test single modules. `node`: every other
 * test runs in Node; those that need the whole endpoint run the built Worker in workerd
 * (test/server.ts), because the test pool takes about 20 s to load ONNX Runtime module by module.
 * `imported`: bundles that the Python importer makes first, so it needs training/.venv. `clients`:
 * programs of others against a local endpoint (Python's and JavaScript's hub clients, PEFT, llama.cpp,
 * a property-based client, Chromium), and the npm package in an empty folder. `serving`: servers of
 * others, whose environments are too large for every run (`npm run test:serving`).
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { WASM_TIERING } from './src/cli/wasm-tiering.ts';

// Miniflare would look up where this machine is; tests need no network.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false';
// Hundreds of processes load the same sources, wrangler and packages: each file is compiled once.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');
// Endpoints of tests are as short-lived as the command.
process.env.MINIFLARE_WORKERD_V8_FLAGS ??= WASM_TIERING;

const CLIENTS = ['clients', 'browser', 'playground', 'package'].map(
  (name) => `test/${name}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    // vitest would leave a core to itself, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            main: './test/empty-worker.ts',
            miniflare: {
              // For vitest itself, which lives in the same isolate.
              compatibilityFlags: ['nodejs_compat'],
              ratelimits: {
                GENERATIONS: { namespace_id: '1', simple: { limit: 2, period: 60 } },
                TOKEN_GENERATIONS: { namespace_id: '2', simple: { limit: 3, period: 60 } },
                SEARCHES: { namespace_id: '3', simple: { limit: 2, period: 60 } },
                CONVERSIONS: { namespace_id: '4', simple: { limit: 2, period: 60 } },
              },
              bindings: {
                ADMIN_TOKEN: 'test-admin-token',
                TEST_MIGRATIONS: await readD1Migrations('./migrations'),
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          // Storage is per file in any case; an isolate per file would only start more slowly.
          isolate: false,
          include: ['test/**/*.worker.test.ts'],
          setupFiles: ['test/apply-migrations.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'node',
          environment: 'node',
          execArgv: [WASM_TIERING],
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.worker.test.ts', 'test/imported/**', 'test/serving/**', ...CLIENTS],
          globalSetup: ['test/build-worker.ts'],
          // Against what hangs. How long something takes is no test's business: on a slow processor of two
          // cores whole releases take two minutes beside other tests.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'clients',
          environment: 'node',
          execArgv: [WASM_TIERING],
          include: CLIENTS,
          globalSetup: ['test/build-worker.ts', 'test/clients/setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'serving',
          environment: 'node',
          include: ['test/serving/**/*.test.ts'],
          globalSetup: ['test/build-worker.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'imported',
          environment: 'node',
          execArgv: [WASM_TIERING],
          include: ['test/imported/**/*.test.ts'],
          globalSetup: ['test/imported/make-bundles.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
