import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { size, wantsColours } from '../../src/cli/output.ts';
import { COMMAND, t2l, temporaryFolder } from './command.ts';

const ESCAPE = '\x1b';

test('colours are for terminals, and not under NO_COLOR', () => {
  expect(wantsColours({ isTTY: true }, {})).toBe(true);
  expect(wantsColours({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColours({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(wantsColours({}, {})).toBe(false);
});

test('the verdict has a colour on a terminal, and none in a pipe, under NO_COLOR or as JSON', async () => {
  const cwd = temporaryFolder();
  const args = ['generate', 'Reverse the words', '--data', 'data', '--out', 'out'];
  const piped = await t2l(args, { cwd });
  expect(piped.stdout + piped.stderr).not.toContain(ESCAPE);
  expect(onTerminal(args, cwd, {})).toContain(ESCAPE);
  expect(onTerminal(args, cwd, { CI: 'true' })).toContain(ESCAPE);
  expect(onTerminal(args, cwd, { NO_COLOR: '1' })).not.toContain(ESCAPE);
  expect(onTerminal([...args, '--json'], cwd, {})).not.toContain(ESCAPE);
});

test('sizes', () => {
  expect([999, 1500, 6_800_000].map(size)).toEqual(['999 B', '1.5 kB', '6.8 MB']);
});

/** What the command prints when its streams are a terminal. */
function onTerminal(args: readonly string[], cwd: string, env: Record<string, string>): string {
  const { NO_COLOR: _colour, ...own } = process.env;
  const script = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
  return execFileSync('python3', ['-c', script, process.execPath, COMMAND, ...args], {
    cwd,
    env: { ...own, TERM: 'xterm', ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
