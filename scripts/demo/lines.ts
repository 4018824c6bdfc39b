/** Lines of a demo's report: none wider than a terminal commonly is. */

/** Widest line. */
export const WIDTH = 100;
const LABEL_WIDTH = 10;

/** An answer, and whether it is right. */
export interface Answer {
  readonly text: string;
  readonly right: boolean;
}

/** The label of an answer: whose it is, and whether it is right. */
export function answerLabel(who: string, { right }: Answer): string {
  return `${who.padEnd(LABEL_WIDTH - 2)}${right ? '+' : '-'}`;
}

/** An answer as it is shown. */
export function answerText({ text }: Answer): string {
  return text.trim() === '' ? '(nothing)' : text.trim();
}

/** A text beside its label; what would be more than `maxLines` is cut. */
export function labelled(name: string, text: string, maxLines: number): string[] {
  const lines = wrapped(text.replaceAll(/\s*\n\s*/g, ' / '), WIDTH - LABEL_WIDTH - 2);
  const kept = lines.slice(0, maxLines);
  if (kept.length < lines.length) {
    kept[kept.length - 1] = `${kept.at(-1)?.slice(0, WIDTH - LABEL_WIDTH - 6)} ...`;
  }
  return kept.map((line, index) =>
    `  ${(index === 0 ? name : '').padEnd(LABEL_WIDTH)}${line}`.trimEnd(),
  );
}

/** Lines of whole words; a word that is wider than a line is broken. */
export function wrapped(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== '') {
      lines.push(line);
    }
    line = word;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}
