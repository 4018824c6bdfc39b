/** The bindings that tests inside workerd see: the Worker's, and the migrations to apply. */
declare namespace Cloudflare {
  interface Env extends WorkerEnv {
    readonly TEST_MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
  type WorkerEnv = import('../src/env.ts').Env;
}
