/**
 * `npm start`: the endpoint on this machine, with its data under .wrangler/ and no account.
 *
 * Applies the migrations to the local database, starts `wrangler dev`, waits until the endpoint says
 * that it is healthy, and prints a command to paste. Works offline. Ends with the npm that started it.
 *
 *   npm start -- [--port 8787] [--persist-to DIR] [--encoder-url URL] [--encoder-dialect openai|tei]
 *
 * The last two name the embedding service of bundles whose encoder is of kind `http`.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EXAMPLE } from '../src/contract/examples.ts';
import { OFFLINE, ROOT, WRANGLER } from './environment.ts';
import { onNpmEnded } from './with-npm.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8787' },
    'persist-to': { type: 'string' },
    'encoder-url': { type: 'string' },
    'encoder-dialect': { type: 'string', default: 'openai' },
  },
});
const PORT = Number(values.port);
/** Where R2 and D1 lie; wrangler's own place unless told. */
const PERSISTENCE =
  values['persist-to'] === undefined ? [] : ['--persist-to', values['persist-to']];
/** The embedding service, as the Worker's variables name it. */
const ENCODER =
  values['encoder-url'] === undefined
    ? []
    : [
        '--var',
        `ENCODER_URL:${values['encoder-url']}`,
        `ENCODER_DIALECT:${values['encoder-dialect']}`,
      ];
const READY_WITHIN_MS = 60_000;
const POLL_MS = 500;

const ENVIRONMENT = { ...process.env, ...OFFLINE };

// Before anything else: whoever holds the port would answer the question whether we are healthy.
await requireFree(PORT);
await run(['d1', 'migrations', 'apply', 'DB', '--local', ...PERSISTENCE]);
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
    ...PERSISTENCE,
    ...ENCODER,
  ],
  { cwd: ROOT, env: ENVIRONMENT, stdio: ['ignore', 'inherit', 'inherit'] },
);
dev.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // wrangler ends what it started at SIGINT and SIGTERM only.
  process.on(signal, () => dev.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
}
onNpmEnded(() => dev.kill('SIGTERM'));
const origin = `http://localhost:${PORT}`;
const health = await waitUntilHealthy(origin);
console.log(`
t2l-edge is ready with ${health.hypernet.name} ${health.hypernet.version}. Open ${origin} in a browser to see
an adapter work; ${origin}/docs has the API. Or try:

  curl -s ${origin}/v1/adapters -H 'content-type: application/json' \\
    -d '{"description": "${EXAMPLE}"}'
`);

interface Health {
  readonly hypernet: { readonly name: string; readonly version: string };
}

async function requireFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  }).catch((error: NodeJS.ErrnoException) => {
    console.error(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken: stop what listens there, or choose another with -- --port N.`
        : `Nothing can listen at port ${port}: ${error.message}.`,
    );
    process.exit(2);
  });
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
