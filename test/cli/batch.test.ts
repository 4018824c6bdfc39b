/** `t2l batch --out`: what its file holds, however a run ends, and who may write it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openBatchFile } from '../../src/cli/batch-file.ts';
import { idOf } from '../store/row.ts';
import { COMMAND, t2l, temporaryFolder } from './command.ts';

const NUMBERS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const FAILED = { line: 3, error: { code: 'json_malformed', detail: 'The line is not JSON.' } };

function adapter(digit: string): { id: string; files: object } {
  return { id: idOf(digit), files: {} };
}

function text(...values: object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

test('a run that goes on keeps the adapters, and drops failures and a line that was cut', async () => {
  const path = join(temporaryFolder(), 'adapters.jsonl');
  const cut = JSON.stringify(adapter('c')).slice(0, 20);
  await writeFile(path, text(adapter('a'), FAILED, adapter('b')) + cut);
  const file = await openBatchFile(path);
  expect(file.done).toEqual(new Set([idOf('a'), idOf('b')]));
  expect(await readFile(path, 'utf8')).toBe(text(adapter('a'), adapter('b')));
  await file.append(adapter('c'));
  expect(await readFile(path, 'utf8')).toBe(text(adapter('a'), adapter('b'), adapter('c')));
  await file.close();
});

test.each([
  ['requests', '{"description": "x"}\n'],
  ['a text without an end', 'keep me'],
  ['adapters and something else', `${text(adapter('a'))}keep me\n`],
])('a file of %s is refused and left alone', async (_what, content) => {
  const path = join(temporaryFolder(), 'mine');
  await writeFile(path, content);
  await expect(openBatchFile(path)).rejects.toThrow(path);
  expect(await readFile(path, 'utf8')).toBe(content);
});

test('an interrupted batch leaves whole lines, and the same command does the rest', async () => {
  const cwd = temporaryFolder();
  const requests = NUMBERS.map((word) => `"Drop word ${word}."\n`).join('');
  await writeFile(join(cwd, 'requests.jsonl'), requests);
  const args = ['batch', 'requests.jsonl', '--out', 'adapters.jsonl', '--data', 'data'];
  const seen = Promise.withResolvers<void>();
  const watcher = watch(cwd, (_event, name) => name === 'adapters.jsonl' && seen.resolve());
  onTestFinished(() => watcher.close());
  const run = await t2l(args, { cwd, interrupt: { after: seen.promise, signal: 'SIGINT' } });
  const done = await linesOf(join(cwd, 'adapters.jsonl'));
  expect(done.length).toBeGreaterThan(0);
  // A run that was faster than the signal has done all of it.
  if (done.length < NUMBERS.length) {
    expect(run.code).toBe(130);
    expect(run.stderr).toMatch(/^t2l: interrupted; adapters\.jsonl is whole \(.*\); the same comm/);
  }
  const again = await t2l(args, { cwd });
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toContain(`${done.length} there already, 0 failed`);
  const all = await linesOf(join(cwd, 'adapters.jsonl'));
  expect(all.map(({ description }) => description)).toEqual(
    NUMBERS.map((word) => `Drop word ${word}.`),
  );
  await appendFile(join(cwd, 'requests.jsonl'), '"Drop word ten."\n');
  const twice = await t2l([...args, '--json'], { cwd });
  expect(JSON.parse(twice.stdout)).toMatchObject({ made: 0, known: 0, skipped: 11, failed: 0 });
});

/** A batch that waits for more lines after the first, and has written that one. */
async function startedBatch(cwd: string, args: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  child.stdin.write('"Drop word one."\n');
  await vi.waitFor(async () => expect(await readFile(join(cwd, OUT), 'utf8')).toMatch(/\n$/), {
    timeout: 120_000,
    interval: 100,
  });
  return { child, closed };
}

const OUT = 'adapters.jsonl';
const WAITING = ['batch', '-', '--out', OUT, '--data', 'data'];

test('while one run writes a file another is refused, and is told who writes', async () => {
  const cwd = temporaryFolder();
  const { child, closed } = await startedBatch(cwd, WAITING);
  const before = await readFile(join(cwd, OUT), 'utf8');
  const refused = await t2l(WAITING, { cwd, input: '"Drop word two."\n' });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(
    `Another t2l batch writes to ${OUT} (process ${child.pid}): wait for it, or choose another file.`,
  );
  expect(await readFile(join(cwd, OUT), 'utf8')).toBe(before);
  child.stdin.end('"Drop word three."\n');
  expect(await closed).toEqual([0, null]);
  expect(await t2l(WAITING, { cwd, input: '"Drop word two."\n' })).toMatchObject({ code: 0 });
  const descriptions = (await linesOf(join(cwd, OUT))).map((line) => line.description);
  expect(descriptions).toEqual(['Drop word one.', 'Drop word three.', 'Drop word two.']);
  expect((await readdir(cwd)).sort()).toEqual([OUT, 'data']);
});

test('a run that was killed keeps nobody from its file', async () => {
  const cwd = temporaryFolder();
  const { child, closed } = await startedBatch(cwd, WAITING);
  child.kill('SIGKILL');
  await closed;
  expect(await readdir(cwd)).toContain(`${OUT}.lock`);
  const again = await t2l([...WAITING, '--json'], { cwd, input: '"Drop word one."\n"Two."\n' });
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(again.stdout)).toMatchObject({ skipped: 1, made: 1 });
  expect((await readdir(cwd)).sort()).toEqual([OUT, 'data']);
});

test.each(['no lock', 'the lock of a killed run'])(
  'of runs that begin at once with %s, each line is written once',
  async (before) => {
    const cwd = temporaryFolder();
    if (before !== 'no lock') {
      const gone = spawn(process.execPath, ['--version']);
      await once(gone, 'exit');
      const owner = { process: gone.pid, host: hostname() };
      await writeFile(join(cwd, `${OUT}.lock`), JSON.stringify(owner));
    }
    const input = NUMBERS.map((word) => `"Drop word ${word}."\n`).join('');
    const runs = await Promise.all(Array.from({ length: 3 }, () => t2l(WAITING, { cwd, input })));
    // A run that begins when another has ended finds all of it done.
    expect(runs.every(({ code }) => code === 0 || code === 2)).toBe(true);
    expect(runs.some(({ code }) => code === 0)).toBe(true);
    for (const { stderr } of runs.filter(({ code }) => code === 2)) {
      expect(stderr).toMatch(/Another t2l batch writes to adapters\.jsonl \(process \d+\)/);
    }
    const descriptions = (await linesOf(join(cwd, OUT))).map((line) => line.description);
    expect(descriptions).toEqual(NUMBERS.map((word) => `Drop word ${word}.`));
    expect((await readdir(cwd)).sort()).toEqual([OUT, 'data']);
  },
);

test('lines in the wrong form are answered with what is wrong, in their place', async () => {
  const input = Buffer.concat([
    Buffer.from('\ufeff\n["x"]\n{"description": ""}\r\n{"description": "x", "frob": 1}\n"'),
    Buffer.from([0xff]),
    Buffer.from('"\n7'),
  ]);
  const run = await t2l(['batch', '-', '--data', 'data'], { input, cwd: temporaryFolder() });
  const answers = run.stdout.trimEnd().split('\n');
  expect(
    answers.map((line) => JSON.parse(line)).map(({ line, error }) => [line, error.code]),
  ).toEqual([
    [2, 'body_not_object'],
    [3, 'description_empty'],
    [4, 'field_unknown'],
    [5, 'json_malformed'],
    [6, 'body_not_object'],
  ]);
  expect(run).toMatchObject({ code: 1, stderr: 't2l: 5 of 5 lines failed (failed)\n' });
});

test('an endpoint that fails is no fault of the line: the batch ends with exit code 4', async () => {
  const cwd = temporaryFolder();
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<title>Hello</title>');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const args = ['batch', '-', '--endpoint', `http://127.0.0.1:${port}`];
  const run = await t2l(args, { cwd, input: '"one"\n"two"\n' });
  expect(run).toMatchObject({ code: 4, stdout: '' });
});

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const content = await readFile(path, 'utf8');
  expect(content.endsWith('\n')).toBe(true);
  return content
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
