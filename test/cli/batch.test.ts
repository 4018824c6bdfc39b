/** `t2l batch --out`: what its file holds, however a run ends. */
import { watch } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openBatchFile } from '../../src/cli/batch-file.ts';
import { idOf } from '../store/row.ts';
import { t2l, temporaryFolder } from './command.ts';

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
