/** Help: a bare `t2l` gives it, and the examples in it are commands that exist, given to a real shell. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/commands.ts';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { t2l } from './command.ts';

/** The arguments that a shell gives `t2l` in a line; what the line pipes into it is not looked at. */
function argumentsOf(line: string): string[] {
  const script = `t2l() { printf '%s\\0' "$@"; }; ${line}`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

test('a bare t2l prints help', async () => {
  const bare = await t2l([]);
  const asked = await t2l(['--help']);
  expect(bare).toEqual(asked);
  expect(bare).toMatchObject({ code: 0, stderr: '' });
  expect(bare.stdout).toContain('Usage: t2l');
});

test('every command has examples', async () => {
  const all = createProgram(new AbortController().signal);
  const names = all.commands.flatMap((command) =>
    command.commands.length === 0
      ? [command.name()]
      : command.commands.map((one) => `${command.name()} ${one.name()}`),
  );
  expect(Object.keys(EXAMPLES).sort()).toEqual(names.sort());
  const help = await t2l(['run', '--help']);
  for (const line of EXAMPLES.run ?? []) {
    expect(help.stdout).toContain(line);
  }
});

test.each(
  Object.entries(EXAMPLES).flatMap(([command, lines]) => lines.map((line) => [command, line])),
)('%s: %s', async (command, line) => {
  const args = argumentsOf(line as string);
  expect(args.slice(0, (command as string).split(' ').length).join(' ')).toBe(command);
  // As the parser sees it, but for what it would do.
  const program = createProgram(new AbortController().signal);
  const seen: string[] = [];
  for (const one of [...program.commands, ...program.commands.flatMap((made) => made.commands)]) {
    one.action(() => {
      seen.push(one.parent === program ? one.name() : `${one.parent?.name()} ${one.name()}`);
    });
  }
  await program.parseAsync(args, { from: 'user' });
  expect(seen).toEqual([command]);
});
