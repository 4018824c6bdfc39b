import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { t2l, temporaryFolder } from './command.ts';

const ID = '0123456789abcdef'.repeat(4);

/** Arguments, exit code, and what the one line must say. */
const CASES: readonly [args: readonly string[], code: number, says: RegExp][] = [
  [['frobnicate'], 2, /unknown command 'frobnicate'.*t2l --help/],
  [['generate', 'x', '--frob'], 2, /unknown option '--frob'/],
  [['generate', 'one', 'two'], 2, /in quotes: t2l generate "one two"/],
  [['id', 'Say', '"hi"', 'twice'], 2, /in quotes: t2l id 'Say "hi" twice'/],
  [['run', 'Reverse', 'the', 'cat sun map'], 2, /in quotes: t2l run "Reverse the" "cat sun map"/],
  [['show', 'one', 'two'], 2, /too many arguments/],
  [['run', '-'], 2, /give the description as an argument/],
  [['run', ID, 'cat sun map'], 3, /adapter_unknown/],
  [['run', ID, 'cat', '--strength', '0.5'], 2, /--strength goes with a description/],
  [['batch', 'absent.jsonl'], 2, /absent\.jsonl cannot be read/],
  [['open'], 2, /--endpoint or T2L_ENDPOINT/],
  [['generate', 'x', '--layout', 'zip'], 2, /peft, workers-ai, mlx, gguf/],
  [['generate'], 2, /input_missing/],
  [['generate', ''], 2, /description_empty/],
  [['generate', 'x'.repeat(2001)], 2, /2000 characters.*description_too_long/],
  [['generate', 'x', '--embedding', 'vector.json'], 2, /input_ambiguous/],
  [['generate', '--embedding', 'absent.json'], 2, /absent\.json.*embedding_not_numbers/],
  [['generate', '--embedding', 'words.json'], 2, /words\.json.*JSON array/],
  [['generate', '--embedding', 'vector.json'], 2, /3 numbers.*embedding_wrong_dimension/],
  [['generate', 'x', '--dtype', 'int4'], 2, /float16, bfloat16, float32/],
  [['generate', 'x', '--precision', 'int4'], 2, /float32, int8/],
  [['generate', 'x', '--strength', '99'], 2, /strength_out_of_range/],
  [['generate', 'x', '--strength', 'much'], 2, /must be a number/],
  [['generate', 'x', '--hypernet', 'no such'], 2, /hypernet_malformed/],
  [['generate', 'x', '--hypernet', 'absent'], 3, /hypernet_unknown/],
  [['generate', 'x', '--hypernets', 'absent'], 2, /holds no bundle/],
  [['id', 'x', '--hypernet', 't2l-mini@0.0.1'], 3, /hypernet_unknown/],
  [['get', ID, '--out', 'out'], 3, /adapter_unknown/],
  [['get', 'abc', '--out', 'out'], 2, /12 or more/],
  [['get', ID], 2, /--out <dir>/],
  [['show', ID], 3, /adapter_unknown/],
  [['list', '--limit', 'ten'], 2, /whole number/],
  [['list', '--limit', '0'], 2, /1 or more/],
  [['verify', 'absent'], 3, /t2l\.json/],
  [['hypernet', 'show', 'absent'], 3, /hypernet_unknown/],
  [['hypernet', 'show', 't2l-mini@0.0.1'], 3, /no version 0.0.1, but/],
  [['publish', 'workers-ai', ID], 2, /--account/],
  [['publish', 'workers-ai', ID, '--account', 'a', '--token-env', 'NO_SUCH'], 2, /NO_SUCH/],
  [['serve', '--port', '70000'], 2, /65535/],
  [['list', '--endpoint', 'ftp://t2l.example'], 2, /http or https/],
  [['list', '--endpoint', 'http://127.0.0.1:1', '--data', 'd'], 2, /--data/],
];

test('wrong input is one line that says what is right, and leaves nothing behind', async () => {
  const cwd = temporaryFolder();
  await writeFile(join(cwd, 'vector.json'), '[1, 2, 3]');
  await writeFile(join(cwd, 'words.json'), 'no vector');
  const before = await readdir(cwd);
  const env = { XDG_DATA_HOME: join(cwd, 'home') };
  for (const [args, code, says] of CASES) {
    const run = await t2l(args, { cwd, env });
    expect(run.stderr, args.join(' ')).toMatch(says);
    expect(run.stderr.trimEnd().split('\n'), args.join(' ')).toHaveLength(1);
    expect(run, args.join(' ')).toMatchObject({ code, stdout: '' });
  }
  expect(await readdir(cwd)).toEqual(before);
});

test('under --json a failure is JSON with its code', async () => {
  const run = await t2l(['generate', '', '--json']);
  expect(JSON.parse(run.stderr)).toMatchObject({ code: 'description_empty', status: 400 });
  const usage = await t2l(['generate', 'x', '--frob', '--json']);
  expect(JSON.parse(usage.stderr)).toMatchObject({ code: 'usage_invalid' });
});

test('a folder that holds something else is refused before anything is generated', async () => {
  const cwd = temporaryFolder();
  await mkdir(join(cwd, 'mine'));
  await writeFile(join(cwd, 'mine', 'notes.txt'), 'keep me');
  await writeFile(join(cwd, 'file'), 'keep me');
  for (const out of ['mine', 'file']) {
    const run = await t2l(['generate', 'x', '--out', out, '--data', 'data'], { cwd });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('folder_occupied');
  }
  expect(await readdir(cwd)).toEqual(['file', 'mine']);
});

test('an endpoint that is not there, or is something else, is exit code 4', async () => {
  const absent = await t2l(['list'], { env: { T2L_ENDPOINT: 'http://127.0.0.1:1' } });
  expect(absent).toMatchObject({ code: 4, stdout: '' });
  expect(absent.stderr).toContain('endpoint_unreachable');
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<title>Hello</title>');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const page = await t2l(['list', '--endpoint', `http://127.0.0.1:${port}`]);
  expect(page).toMatchObject({ code: 4, stdout: '' });
  expect(page.stderr).toContain('web page');
});
