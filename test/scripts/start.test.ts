/** `npm start` as somebody runs it: what it says, that what it says works, and how it ends. */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { freePort } from '../../scripts/free-port.ts';
import { parseStartOptions } from '../../scripts/start/options.ts';
import { createClient } from '../../src/sdk/index.ts';
import { keptFolder } from '../cli/command.ts';

// Endpoints start in seconds, but on a busy machine in a minute.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const SCRIPT = join(ROOT, 'scripts/start.ts');
// With quotes: it passes through a file of settings.
const TOKEN = `a-$token-of-my-"choice"-${randomUUID()}-\${HOME}`;
const run = promisify(execFile);
const state = keptFolder();

afterAll(() => rm(state, { recursive: true, force: true }));

/** Starts it, and waits for what it says when it is ready. */
async function start(env: Readonly<Record<string, string>>) {
  const port = await freePort();
  const { T2L_ADMIN_TOKEN: _token, ...own } = process.env;
  const child = spawn(process.execPath, [SCRIPT, '--port', String(port), '--persist-to', state], {
    env: { ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  onTestFinished(() => void child.kill('SIGTERM'));
  let said = '';
  let complained = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complained += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
      if (/^ {2}curl .*\n/m.test(said)) {
        resolve();
      }
    });
    void closed.then(() => reject(new Error(complained)));
  });
  return {
    origin: `http://localhost:${port}`,
    welcome: said,
    complaints: () => complained,
    async end() {
      child.kill('SIGINT');
      return (await closed)[0];
    },
  };
}

test('it is quiet until it is ready, and the lines it prints work', async () => {
  const { origin, welcome, complaints, end } = await start({});
  expect(complaints()).toBe('');
  expect(welcome).toMatch(/^\nt2l-edge is ready with t2l-mini \d+\.\d+\.\d+\.\n/);
  expect(welcome).toMatch(/stop +Ctrl-C/);
  expect(welcome).toMatch(/admin token +none.*T2L_ADMIN_TOKEN=/);
  for (const place of ['page', 'API']) {
    const [, url = ''] = new RegExp(`^ {2}${place} +(\\S+)$`, 'm').exec(welcome) ?? [];
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    expect([place, page.status, page.headers.get('content-type')]).toEqual([
      place,
      200,
      expect.stringContaining('text/html'),
    ]);
  }
  // wrangler's own explorer would give whoever reaches the port all that is stored, to read and to write.
  for (const path of ['explorer', 'explorer/api/d1/database', 'explorer/api/r2/buckets']) {
    const answer = await fetch(`${origin}/cdn-cgi/local/${path}`);
    expect([path, answer.status, await answer.json()]).toMatchObject([
      path,
      404,
      { type: expect.stringMatching(/:route_unknown$/) },
    ]);
  }
  const line = welcome.split('\n').find((one) => one.startsWith('  curl ')) ?? '';
  const { stdout } = await run('bash', ['-c', line]);
  const { id } = JSON.parse(stdout);
  const removal = createClient({ endpoint: origin, token: TOKEN }).remove(id);
  await expect(removal).rejects.toMatchObject({ code: 'admin_disabled' });
  expect(await end()).toBe(0);
  await expect(fetch(origin)).rejects.toThrow();
});

/** The command lines of all processes of this machine, which everybody on it can read. */
async function commandLines(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).join('\n').replaceAll('\0', ' ');
}

/** Files with secrets that lie in a folder. */
async function secretFolders(place: string): Promise<string[]> {
  return (await readdir(place)).filter((name) => name.startsWith('t2l-secrets-'));
}

test('T2L_ADMIN_TOKEN is the admin token, and it keeps its data', async () => {
  const place = await mkdtemp(join(tmpdir(), 't2l-start-'));
  const { origin, welcome, end } = await start({
    T2L_ADMIN_TOKEN: TOKEN,
    T2L_UNFIT: 'refuse',
    TMPDIR: place,
  });
  expect(await secretFolders(place)).toHaveLength(1);
  const lines = await commandLines();
  expect(lines).toContain('--env-file');
  expect(lines).not.toContain(TOKEN);
  expect(welcome).toMatch(/admin token +administrative calls take the token in T2L_ADMIN_TOKEN/);
  const client = createClient({ endpoint: origin, token: TOKEN });
  const [kept] = (await client.adapters()).adapters;
  await client.remove(kept?.id ?? '');
  expect((await client.adapters()).adapters).toEqual([]);
  // So do the other variables of `t2l serve`.
  const unfit = client.generate({ description: 'Translate the sentence into Finnish.' });
  await expect(unfit).rejects.toMatchObject({ code: 'adapter_unfit' });
  await end();
  expect(await secretFolders(place)).toEqual([]);
  await rm(place, { recursive: true, force: true });
});

test('a port that is taken is said, with what to do', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const failed = run(process.execPath, [SCRIPT, '--port', String(port)]);
  await expect(failed).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^Port \d+ is taken.*--port N/),
  });
});

test.each([
  [['--port', 'x'], '--port must be a whole number of at least 1, not x.'],
  [['--port', '70000'], '--port must be at most 65535, not 70000.'],
  [['--encoder-dialect', 'morse'], '--encoder-dialect must be openai or tei, not morse.'],
  [['--encoder-url', 'localhost'], '--encoder-url must be an http(s) address, not localhost.'],
  [['--prot', '80'], "Unknown option '--prot'."],
])('%s is refused', (args, message) => {
  expect(() => parseStartOptions(args)).toThrow(message);
});
