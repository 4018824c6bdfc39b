/**
 * `npm start`: the endpoint on this machine, with its data under .wrangler/ and no account.
 *
 * Applies the migrations to the local database, starts `wrangler dev`, waits until the endpoint says
 * that it is healthy, and says what can be done with it. Until then nothing is said; if it fails,
 * everything that wrangler said. Works offline. Ends with the npm that started it.
 */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALONE, bindingsIn } from '../src/cli/bindings.ts';
import { EXAMPLE } from '../src/contract/examples.ts';
import { Refusal, runCommand, WrongUsage } from './command.ts';
import { OFFLINE, ROOT, WRANGLER } from './environment.ts';
import { type HeldChild, startHeld } from './start/held.ts';
import { parseStartOptions, type StartOptions, USAGE } from './start/options.ts';
import { writeSecrets } from './start/secret-file.ts';
import { onNpmEnded } from './with-npm.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 500;
const EXIT_INTERRUPTED = 130;
/** The variable that holds the admin token, as for `t2l serve`. */
const TOKEN_VARIABLE = 'T2L_ADMIN_TOKEN';

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  // Before anything else: whoever holds the port would answer the question whether we are healthy.
  await requireFree(options.port);
  const persistence = options.persistTo === undefined ? [] : ['--persist-to', options.persistTo];
  let stopped = false;
  let running: HeldChild | undefined;
  // From the first child on: a signal may come at any moment.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stopped = true;
      // wrangler ends what it started at SIGINT and SIGTERM only.
      running?.process.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    });
  }
  onNpmEnded(() => running?.process.kill('SIGTERM'));
  running = wrangler(['d1', 'migrations', 'apply', 'DB', '--local', ...persistence]);
  const migrated = await running.ended;
  if (migrated !== 0 && !stopped) {
    running.confess();
    throw new Refusal(
      `The database cannot be brought up to date: wrangler ended with ${migrated}.`,
    );
  }
  // All of them in the file: what stands on a command line, everybody on the machine can read.
  const bindings = { ...ALONE, ...bindingsIn(process.env), ...encoderOf(options) };
  const secrets = await writeSecrets(bindings);
  if (stopped) {
    process.exit(EXIT_INTERRUPTED);
  }
  const dev = wrangler([...devArguments(options.port, persistence), ...secrets.flags]);
  running = dev;
  const origin = `http://localhost:${options.port}`;
  const health = await Promise.race([waitUntilHealthy(origin), dev.ended]);
  if (typeof health !== 'object' || health === null) {
    if (stopped) {
      process.exit(EXIT_INTERRUPTED);
    }
    dev.confess();
    process.exit(health || 1);
  }
  if ('failure' in health) {
    dev.confess();
    dev.process.kill('SIGTERM');
    throw new Refusal(
      `The endpoint is not healthy after ${READY_WITHIN_MS / 1000} s: ${health.failure}`,
    );
  }
  dev.release();
  process.stdout.write(welcome(origin, health));
  const code = await dev.ended;
  // Being stopped is its proper end.
  process.exit(stopped ? 0 : (code ?? 1));
}

function encoderOf({ encoder }: StartOptions): Readonly<Record<string, string>> {
  return encoder === undefined
    ? {}
    : { ENCODER_URL: encoder.url, ENCODER_DIALECT: encoder.dialect };
}

function devArguments(port: number, persistence: readonly string[]): string[] {
  return [
    ...['dev', '--port', String(port), '--ip', '127.0.0.1'],
    '--show-interactive-dev-session=false',
    ...persistence,
  ];
}

function welcome(origin: string, { hypernet: { name, version } }: Health): string {
  const body = JSON.stringify({ description: EXAMPLE });
  const admin = process.env[TOKEN_VARIABLE]
    ? `administrative calls take the token in ${TOKEN_VARIABLE}`
    : `none, so administrative calls are refused; "${TOKEN_VARIABLE}=... npm start" sets one`;
  return `
t2l-edge is ready with ${name} ${version}.

  page         ${origin}/
  API          ${origin}/docs
  admin token  ${admin}
  stop         Ctrl-C

  curl -s ${origin}/v1/adapters -H 'content-type: application/json' -d '${body}'

`;
}

interface Health {
  readonly hypernet: { readonly name: string; readonly version: string };
}

async function requireFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  }).catch((error: NodeJS.ErrnoException) => {
    throw new WrongUsage(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken: stop what listens there, or choose another with -- --port N.`
        : `Nothing can listen at port ${port}: ${error.message}.`,
    );
  });
}

async function waitUntilHealthy(origin: string): Promise<Health | { readonly failure: string }> {
  const deadline = performance.now() + READY_WITHIN_MS;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const response = await fetch(`${origin}/healthz`);
      const answer: unknown = await response.json();
      if (response.ok) {
        return answer as Health;
      }
      last = JSON.stringify(answer);
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  return { failure: String(last) };
}

/** wrangler says what is asked of the endpoint, at the level of its log. */
function wrangler(args: readonly string[]): HeldChild {
  const env = { ...process.env, ...OFFLINE, WRANGLER_LOG: 'log' };
  return startHeld(process.execPath, [WRANGLER, ...args], { cwd: ROOT, env });
}
