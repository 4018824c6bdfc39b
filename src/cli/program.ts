/** Running a command: what goes wrong becomes one line on stderr and an exit code. */
import { CommanderError } from 'commander';
import { T2lError } from '../contract/errors.ts';
import { createProgram } from './commands.ts';
import { isAbort } from './exit-codes.ts';
import { fail } from './output.ts';

/** Runs the command that the arguments name. */
export async function run(args: readonly string[]): Promise<void> {
  const json = args.includes('--json');
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second signal ends the process as it always would.
    process.once(name, () => interruption.abort());
  }
  try {
    await parse(args, interruption.signal);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) {
        fail(new T2lError('usage_invalid', usageOf(error)), json);
      }
      return;
    }
    fail(error, json);
    if (isAbort(error)) {
      // Work that cannot be stopped is left; what it writes is whole or not there.
      process.exit();
    }
  }
}

async function parse(args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await createProgram(signal).parseAsync(args, { from: 'user' });
  } catch (error) {
    // No command, or a group without one: whoever types that wants to know what there is.
    if (!(error instanceof CommanderError && error.code === 'commander.help')) {
      throw error;
    }
    await createProgram(signal).parseAsync([...args, '--help'], { from: 'user' });
  }
}

function usageOf({ message }: CommanderError): string {
  const text = message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return `${text}${/[.)]$/.test(text) ? '' : '.'} t2l --help lists commands and options.`;
}
