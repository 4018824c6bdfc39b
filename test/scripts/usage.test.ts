/** The usage of the scripts that people run: asked for, and after a command line that cannot be meant. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, ...args: readonly string[]): Promise<Ended> {
  const command = [join(ROOT, 'scripts', `${script}.ts`), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

test.each([
  ['start', 'npm start -- [options]'],
  ['demo', 'npm run demo -- [options]'],
  ['bench', 'npm run bench -- [options]'],
  ['release-hypernet', 'npm run release -- DIR [options]'],
  ['deploy', 'npm run deploy -- [options]'],
  ['audit', 'npm run audit -- [options]'],
  ['pregenerate', 'npm run pregenerate -- CATALOG [options]'],
  ['costs', 'npm run costs [-- options]'],
  ['base-model', 'npm run base-model -- NAME [options]'],
  ['screenshots', 'npm run screenshots -- [options]'],
])('%s prints its usage, also after an option that it does not know', async (script, usage) => {
  const help = await run(script, '--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain(usage);
  expect(help.stdout).toContain('--help');
  expect(Math.max(...help.stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  const wrong = await run(script, '--frobnicate');
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toBe(`Unknown option '--frobnicate'.\n\n${help.stdout}`);
});

test.each([
  ['bench', ['--runs', '0'], '--runs must be a whole number of at least 1, not 0.'],
  ['bench', ['reads', 'writes'], 'There are reads, traffic and step, not writes.'],
  [
    'bench',
    ['traffic', '--minutes', '0.5'],
    '--minutes must be a whole number of at least 1, not 0.5.',
  ],
  [
    'release-hypernet',
    [],
    'Name one bundle folder, or one hypernetwork with --rollback, --promote, --abort or --yank.',
  ],
  [
    'release-hypernet',
    ['x', '--force'],
    '--force is for a bundle folder or --promote, and takes --reason "why".',
  ],
  ['release-hypernet', ['x', '--from', '1.0.0'], '--from says what a --rollback goes back from.'],
  [
    'release-hypernet',
    ['x', '--canary', '100'],
    '--canary must be a whole number from 1 to 99, not 100.',
  ],
  ['release-hypernet', ['--yank', 'x'], '--yank takes one version as NAME@VERSION, not x.'],
  [
    'release-hypernet',
    ['--yank', 'x@1.0.0'],
    '--yank takes --reason "why": whoever asks for the version is told.',
  ],
  [
    'release-hypernet',
    ['x', '--reason', ''],
    '--reason must be one line of 1 to 500 characters that does not begin with a space.',
  ],
  ['base-model', [], 'Name one base model: smollm2, or an id as OWNER/NAME.'],
])('%s %s is refused with the usage', async (script, args, message) => {
  const wrong = await run(script, ...args);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr.startsWith(`${message}\n\n`)).toBe(true);
  expect(wrong.stderr).toContain('npm run');
});
