/**
 * A fresh checkout of what is being tested, committed or not, with the packages that set-up brought, and
 * the endpoint that `npm start` is there.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../../scripts/environment.ts';
import { freePort } from '../../../scripts/free-port.ts';

/** The admin token that the pages choose. */
export const TOKEN = 'a-word-of-yours';
/** What a checkout lacks and `npm ci` and the set-up of these tests bring. */
const BROUGHT = ['node_modules', 'training/.venv'];

/** Where the pages are read. */
export interface Checkout {
  /** The folder that `git clone` is run in. */
  readonly folder: string;
  /** The checkout in it. */
  readonly root: string;
  /** Of the endpoint, such as `localhost:8787`. */
  readonly host: string;
  /** A file with what `npm start` printed. */
  readonly welcome: string;
  close(): Promise<void>;
}

/** Lays out the files and starts the endpoint. */
export async function prepareCheckout(): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 't2l-pages-'));
  const root = join(folder, 't2l-edge');
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = await promisify(execFile)('git', list, { cwd: ROOT, maxBuffer: 2 ** 24 });
  for (const name of stdout.split('\0').filter((name) => name !== '')) {
    // Listed are also files that are gone and links to folders.
    const isFile = await stat(join(ROOT, name)).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await copyFile(join(ROOT, name), join(root, name));
    }
  }
  for (const name of BROUGHT) {
    await symlink(join(ROOT, name), join(root, name));
  }
  const endpoint = await startEndpoint(join(folder, 'state'));
  const welcome = join(folder, 'welcome');
  await writeFile(welcome, endpoint.welcome);
  return {
    folder,
    root,
    host: endpoint.host,
    welcome,
    async close() {
      await endpoint.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startEndpoint(state: string) {
  const port = await freePort();
  const args = ['start', '--', '--port', String(port), '--persist-to', state];
  const child = spawn('npm', args, {
    cwd: ROOT,
    env: { ...process.env, T2L_ADMIN_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let welcome = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      welcome += chunk;
      if (/^ {2}curl .*\n/m.test(welcome)) {
        resolve();
      }
    });
    void ended.then(() => reject(new Error('npm start ended before it was ready')));
  });
  return {
    host: `localhost:${port}`,
    welcome,
    async close() {
      // npm passes SIGINT on at terminals only; when it is gone, what it started ends (scripts/with-npm.ts).
      child.kill('SIGTERM');
      await ended;
    },
  };
}
