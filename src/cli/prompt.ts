/**
 * A prompt on the terminal. What is asked and said around it goes to stderr, so that stdout has answers
 * only; Ctrl-D ends it, Ctrl-C interrupts the command.
 */
import { createInterface } from 'node:readline';

const PROMPT = '> ';

/** Asks for lines until the input ends, and answers each before it asks for the next. */
export async function promptLoop(
  greeting: string,
  signal: AbortSignal,
  answer: (line: string) => Promise<void>,
): Promise<void> {
  const { stdin, stderr } = process;
  stderr.write(`${greeting}\nCtrl-D ends.\n`);
  const terminal = stdin.isTTY === true && stderr.isTTY === true;
  const lines = createInterface({ input: stdin, output: stderr, terminal, prompt: PROMPT });
  // A terminal in raw mode gives the key, not the signal.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  const close = () => lines.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    signal.throwIfAborted();
    lines.prompt();
    for await (const line of lines) {
      if (line.trim() !== '') {
        await answer(line);
      }
      signal.throwIfAborted();
      lines.prompt();
    }
    // The shell's own prompt begins a line.
    stderr.write('\n');
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', close);
    lines.close();
  }
}
