/** A bar on the terminal for work that takes seconds; in a pipe nothing is shown. */

const WIDTH = 24;
/** Carriage return, and clear to the end of the line. */
const AGAIN = '\r\x1b[K';

/** A bar that is drawn over and over in one line. */
export interface ProgressBar {
  /**
   * Draws it.
   *
   * @param part from 0 to 1
   */
  show(part: number, words: string): void;
  /** Takes it away. */
  clear(): void;
}

/** A bar on stderr. */
export function progressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  let drawn = '';
  function draw(line: string): void {
    // A dumb terminal would pile the lines up.
    if (stream.isTTY && process.env.TERM !== 'dumb' && line !== drawn) {
      stream.write(`${AGAIN}${line}`);
      drawn = line;
    }
  }
  return {
    show(part, words) {
      const full = Math.round(Math.min(1, part) * WIDTH);
      draw(`[${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${words}`);
    },
    clear: () => draw(''),
  };
}
