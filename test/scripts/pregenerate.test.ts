/** `npm run pregenerate`: a catalog is made once, however often the run is cut, and nothing of it is missing. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { keptFolder } from '../cli/command.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const folder = keptFolder();
let server: TestServer;

beforeAll(async () => {
  server = await startServer({ ADMIN_TOKEN }, { queue: 5 });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it; a cut kills it without warning when it has said so many lines of progress. */
function pregenerate(args: readonly string[], cutAfter = Number.POSITIVE_INFINITY): Promise<Ended> {
  const command = [join(ROOT, 'scripts/pregenerate.ts'), ...args, '--endpoint', server.origin];
  const child = spawn(process.execPath, command, {
    env: { ...process.env, T2L_TOKEN: ADMIN_TOKEN },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if ((stderr.match(/ left$/gm) ?? []).length >= cutAfter) {
      child.kill('SIGKILL');
    }
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

async function rows(): Promise<number> {
  const row = await server.env.DB.prepare('SELECT count(*) AS count FROM adapters').first<{
    count: number;
  }>();
  return row?.count ?? 0;
}

test('a run that is killed is gone on with: nothing twice, nothing missing', async () => {
  const words = Array.from({ length: 30 }, (_, number) => `Repeat the word ${number + 2} times.`);
  const lines = [
    JSON.stringify({ task: 'repeat', descriptions: words.slice(0, 20) }),
    ...words.slice(20).map((description) => JSON.stringify(description)),
    // The same once more, and the same otherwise.
    JSON.stringify(words[0]),
    JSON.stringify({ description: words[0], strength: 2 }),
  ];
  const catalog = join(folder, 'catalog.jsonl.gz');
  await writeFile(catalog, gzipSync(`${lines.join('\n')}\n`));
  const size = ['--batch', '5'];

  const dry = await pregenerate([catalog, ...size, '--dry-run']);
  expect(dry.code).toBe(0);
  expect(dry.stdout).toMatch(/^to make +31$/m);
  expect(dry.stdout).toMatch(/ \$0\.00065 once: 62 writes to R2, 372 rows of D1, 7 requests$/m);
  expect(await rows()).toBe(0);

  await cutAndGoneOnWith([catalog, ...size], 31);
});

/** A run that is killed after its second batch, and one that goes on with it. */
async function cutAndGoneOnWith(args: readonly [string, ...string[]], all: number): Promise<void> {
  const none = await rows();
  const cut = await pregenerate(args, 2);
  expect(cut.code).toBeNull();
  const madeBefore = (await rows()) - none;
  expect(madeBefore).toBeGreaterThanOrEqual(10);
  expect(madeBefore).toBeLessThan(all);

  const rest = await pregenerate(args);
  expect([rest.code, rest.stderr]).toEqual([0, expect.any(String)]);
  expect((await rows()) - none).toBe(all);
  const out = args[args.indexOf('--out') + 1] ?? '';
  const file = args.includes('--out') ? out : `${args[0]}.adapters.jsonl`;
  const noted = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const ids = noted.map((line) => (JSON.parse(line) as { id: string }).id);
  expect(ids).toHaveLength(all);
  expect(new Set(ids).size).toBe(all);
  const made = Number(/^(\d+) made/m.exec(rest.stdout)?.[1]);
  expect(made + madeBefore).toBe(all);

  const again = await pregenerate(args);
  expect(again.stdout).toBe(`0 made, 0 known to the endpoint, ${all} noted before, 0 failed\n`);
}

const SHARED = join(ROOT, '../shared/data/task-descriptions.jsonl.gz');

test.runIf(existsSync(SHARED))(
  'the descriptions that people wrote for 449 tasks, with a cut in between',
  async () => {
    const lines = gunzipSync(await readFile(SHARED))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(449);
    // One of each task; all of them are ten times as many.
    const some = lines.map((line) => JSON.stringify(JSON.parse(line).descriptions[0]));
    const catalog = join(folder, 'tasks.jsonl');
    await writeFile(catalog, some.join('\n'));
    const { size } = new Set(some);
    await cutAndGoneOnWith([catalog, '--batch', '64'], size);
  },
  900_000,
);

test('a queue makes a catalog, and it is waited for', async () => {
  const words = Array.from({ length: 12 }, (_, number) => `Drop the first ${number + 2} letters.`);
  const catalog = join(folder, 'later.jsonl');
  await writeFile(catalog, words.map((word) => JSON.stringify(word)).join('\n'));
  const before = await rows();
  const run = await pregenerate([catalog, '--batch', '5', '--later']);
  expect([run.code, run.stdout]).toEqual([
    0,
    '12 made, 0 known to the endpoint, 0 noted before, 0 failed\n',
  ]);
  expect(run.stderr).toMatch(/^12 of 12 handed over$/m);
  expect((await rows()) - before).toBe(12);
  const again = await pregenerate([catalog, '--later', '--out', join(folder, 'other.jsonl')]);
  expect(again.stdout).toBe('0 made, 12 known to the endpoint, 0 noted before, 0 failed\n');
});

test('a line that is no request is named before anything is made', async () => {
  const catalog = join(folder, 'wrong.jsonl');
  await writeFile(catalog, '"Answer with the first word."\n{"description": ""}\n');
  const before = await rows();
  const run = await pregenerate([catalog]);
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toMatch(/wrong\.jsonl, line 2: description must say/);
  expect(await rows()).toBe(before);
});

test('what a limit refuses is waited for or said, and kept for another run', async () => {
  const limited = await startServer({ ADMIN_TOKEN, DAILY_ANONYMOUS: '3', LIMITS: '' });
  const catalog = join(folder, 'limited.jsonl');
  const words = ['first', 'second', 'third', 'fourth', 'last'];
  await writeFile(
    catalog,
    words.map((word) => JSON.stringify(`Answer with the ${word} word.`)).join('\n'),
  );
  const child = spawn(
    process.execPath,
    [join(ROOT, 'scripts/pregenerate.ts'), catalog, '--endpoint', limited.origin],
    { env: { ...process.env, T2L_TOKEN: '' } },
  );
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(1);
  expect(output).toContain('3 made');
  const row = await limited.env.DB.prepare('SELECT count(*) AS count FROM adapters').first();
  expect(row).toEqual({ count: 3 });
  await limited.close();
});
