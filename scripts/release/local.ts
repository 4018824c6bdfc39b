/**
 * A local endpoint on persistent state, with an admin token of its own, for the time of a release:
 * what it registers and activates is what the next `npm start` serves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { T2lError } from '../../src/contract/errors.ts';
import { OFFLINE, ROOT, WRANGLER } from '../environment.ts';
import { freePort } from '../free-port.ts';
import { endWithUs } from '../signals.ts';
import { writeSecrets } from '../start/secret-file.ts';

/** Where `npm start` keeps its data. */
export const DEFAULT_STATE = join(ROOT, '.wrangler/state');

const READY_WITHIN_MS = 90_000;
const POLL_MS = 300;

/** A running endpoint on persistent state. */
export interface LocalEndpoint {
  readonly origin: string;
  readonly adminToken: string;
  close(): Promise<void>;
}

/** Applies the migrations and starts `wrangler dev` on the given state. */
export async function startLocalEndpoint(persistTo: string): Promise<LocalEndpoint> {
  // From the first child on: a signal may come at any moment.
  let running: ChildProcess | undefined;
  async function stop(): Promise<void> {
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      const exited = once(running, 'exit');
      running.kill('SIGTERM');
      await exited;
    }
  }
  const keepGoing = endWithUs(stop);
  running = wrangler(['d1', 'migrations', 'apply', 'DB', '--local'], persistTo);
  const [code] = await once(running, 'exit');
  if (code !== 0) {
    keepGoing();
    throw failed(`the migrations of ${persistTo} ended with code ${code}`);
  }
  const adminToken = randomUUID();
  const [port, inspector] = [await freePort(), await freePort()];
  const flags = [
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--inspector-port',
    String(inspector),
  ];
  const secrets = await writeSecrets({ ADMIN_TOKEN: adminToken });
  const dev = wrangler(
    ['dev', ...flags, ...secrets.flags, '--show-interactive-dev-session=false'],
    persistTo,
  );
  running = dev;
  dev.once('exit', secrets.remove);
  const origin = `http://127.0.0.1:${port}`;
  async function close(): Promise<void> {
    keepGoing();
    await stop();
  }
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(origin))) {
    if (dev.exitCode !== null || performance.now() > deadline) {
      await close();
      throw failed('wrangler dev does not answer');
    }
    await sleep(POLL_MS);
  }
  return { origin, adminToken, close };
}

function wrangler(args: readonly string[], persistTo: string): ChildProcess {
  return spawn(process.execPath, [WRANGLER, ...args, '--persist-to', persistTo], {
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE, WRANGLER_LOG: 'error' },
    // stdout belongs to the result of the command that called us.
    stdio: ['ignore', process.stderr, process.stderr],
  });
}

/** Any answer will do: an endpoint whose default bundle is broken can still be released to. */
async function answers(origin: string): Promise<boolean> {
  try {
    await (await fetch(`${origin}/healthz`)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}

function failed(detail: string): T2lError {
  return new T2lError('endpoint_failed', `The local endpoint did not start: ${detail}.`, {
    status: 500,
  });
}
