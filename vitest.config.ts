/**
 * Two suites. `worker`: files named *.worker.test.ts run inside workerd with the bindings of
 * wrangler.toml (real R2 and D1, the real migrations). `node`: every other test runs in Node; those
 * that need the whole pipeline start the built Worker in Miniflare, because importing ONNX Runtime
 * module by module into the test pool takes about 20 s.
 */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ADMIN_TOKEN: 'test-admin-token',
                TEST_MIGRATIONS: await readD1Migrations('./migrations'),
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          include: ['test/**/*.worker.test.ts'],
          setupFiles: ['test/apply-migrations.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.worker.test.ts'],
          globalSetup: ['test/build-worker.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
