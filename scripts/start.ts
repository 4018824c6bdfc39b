/**
 * `npm start`: the endpoint on this machine, with its data under .wrangler/ and no account.
 *
 * Applies the migrations to the local database, starts `wrangler dev`, waits until the endpoint says
 * that it is healthy, and prints a command to paste. Works offline.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const PORT = Number(process.env.PORT ?? 8787);
const READY_WITHIN_MS = 60_000;
const POLL_MS = 500;

/** No question, no report and no look for updates: nothing here needs a network. */
const ENVIRONMENT = {
  ...process.env,
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
};

await run(['d1', 'migrations', 'apply', 'DB', '--local']);
const dev = spawn(
  process.execPath,
  [
    WRANGLER,
    'dev',
    '--port',
    String(PORT),
    '--ip',
    '127.0.0.1',
    '--show-interactive-dev-session=false',
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, env: ENVIRONMENT, stdio: ['ignore', 'inherit', 'inherit'] },
);
dev.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => dev.kill(signal));
}
const origin = `http://localhost:${PORT}`;
const health = await waitUntilHealthy(origin);
console.log(`
t2l-edge is ready at ${origin} with ${health.hypernet.name} ${health.hypernet.version}. Try:

  curl -s ${origin}/v1/adapters -H 'content-type: application/json' \\
    -d '{"description": "Reverse the list and join the words with dashes"}'
`);

interface Health {
  readonly hypernet: { readonly name: string; readonly version: string };
}

async function waitUntilHealthy(origin: string): Promise<Health> {
  const deadline = performance.now() + READY_WITHIN_MS;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const response = await fetch(`${origin}/healthz`);
      const answer: unknown = await response.json();
      if (response.ok) {
        return answer as Health;
      }
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  dev.kill('SIGTERM');
  throw new Error(`the endpoint is not healthy after ${READY_WITHIN_MS / 1000} s`, { cause: last });
}

async function run(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: ENVIRONMENT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (code !== 0) {
    throw new Error(`wrangler ${args.join(' ')} ended with code ${code}`);
  }
}
