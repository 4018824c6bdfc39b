/** The `t2l` command on a terminal of its own, with somebody who types when they see something. */
import { spawn } from 'node:child_process';
import { COMMAND } from './command.ts';

/** What the keys send. */
export const ENTER = '\r';
export const CTRL_C = '\x03';
export const CTRL_D = '\x04';

/** Text to wait for, after all that was waited for before, and what is typed then. */
export type Step = readonly [seen: string, typed: string];

/** A pseudo-terminal is no part of Node.js, but of Python. */
const TERMINAL = `
import json, os, pty, sys
steps = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b''
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    sys.stdout.buffer.write(some)
    shown += some
    if steps and steps[0][0].encode() in shown:
        shown = shown.split(steps[0][0].encode(), 1)[1]
        os.write(terminal, steps.pop(0)[1].encode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** Runs the command; gives all that the terminal showed. */
export function onTerminal(
  args: readonly string[],
  steps: readonly Step[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const { T2L_ENDPOINT: _endpoint, ...own } = process.env;
  const command = ['-c', TERMINAL, JSON.stringify(steps), process.execPath, COMMAND, ...args];
  const child = spawn('python3', command, {
    env: { ...own, TERM: 'xterm', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, shown: String(Buffer.concat(chunks)) }));
  });
}
