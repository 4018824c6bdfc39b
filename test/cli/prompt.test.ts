/** `t2l run` at a terminal: somebody types inputs, and ends with Ctrl-D or Ctrl-C. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keptFolder, t2l } from './command.ts';
import { CTRL_C, CTRL_D, ENTER, onTerminal } from './terminal.ts';

const folder = keptFolder();
const data = ['--data', join(folder, 'data')];
let id: string;

beforeAll(async () => {
  const args = ['generate', 'Reverse the order of the words.', '--json', ...data];
  ({ id } = JSON.parse((await t2l(args, { cwd: folder })).stdout));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every line that is typed is answered until Ctrl-D, also after one that cannot be asked', async () => {
  const { code, shown } = await onTerminal(
    ['run', id, ...data],
    [
      ['> ', `${'a'.repeat(600)}${ENTER}`],
      ['model_input_invalid', `cat sun map${ENTER}`],
      ['adapted  map sun cat', `pen tea dog${ENTER}`],
      ['adapted  dog tea pen', CTRL_D],
    ],
  );
  expect(shown).toContain('reads at most');
  expect(shown).toContain('“Reverse the order of the words.”');
  expect(code).toBe(0);
});

test('Ctrl-C ends the prompt with the exit code of an interruption', async () => {
  const { code, shown } = await onTerminal(
    ['run', id, ...data],
    [
      ['> ', `cat sun map${ENTER}`],
      ['adapted  map sun cat', CTRL_C],
    ],
  );
  expect(code).toBe(130);
  expect(shown.trimEnd()).toMatch(/t2l: interrupted; the adapter is kept$/);
});

test('Ctrl-C while the command works ends it too', async () => {
  const { code, shown } = await onTerminal(
    ['generate', 'Sort the words from a to z.', '--out', join(folder, 'out'), ...data],
    [['generating', CTRL_C]],
  );
  expect(code).toBe(130);
  expect(shown).toContain('t2l: interrupted; nothing was written');
});

test('-i asks at a prompt although stdin is a pipe, and keeps the prompt out of stdout', async () => {
  const input = 'cat sun map\n';
  const run = await t2l(['run', id, 'pen tea dog', '-i', '--json', ...data], { input });
  expect(run.code).toBe(0);
  const answers = run.stdout.trimEnd().split('\n');
  expect(answers.map((line) => JSON.parse(line).adapted)).toEqual(['dog tea pen', 'map sun cat']);
  expect(run.stderr).toContain('> ');
});
