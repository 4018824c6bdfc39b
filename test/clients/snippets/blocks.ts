/**
 * The code blocks of a page in their order. A `text` block right below a block that is run is what that
 * one prints; any other is a picture. In it `...` stands for anything: within a line for the rest or a
 * part of it, alone on a line for any number of lines.
 */

/** Languages whose blocks are run, and the one that is there to be looked at. */
const RUN = ['sh', 'python', 'ts', 'html'] as const;
const SHOWN = 'text';

/** A block that is run. */
export interface Block {
  /** Where it begins, such as `README.md:12`. */
  readonly place: string;
  readonly language: (typeof RUN)[number];
  readonly code: string;
  /** What it prints; undefined if the page does not say. */
  readonly prints: string | undefined;
}

interface Fence {
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** Whether only blank lines are between it and the block before. */
  readonly adjacent: boolean;
}

/**
 * Reads a page.
 *
 * @throws Error for a block without a language, or of one that nobody decided about
 */
export function blocksOf(page: string, text: string): Block[] {
  const found: Block[] = [];
  let previous: Fence | undefined;
  for (const fence of fencesOf(text)) {
    const { language, code, line } = fence;
    const place = `${page}:${line}`;
    if (isRun(language)) {
      found.push({ place, language, code, prints: undefined });
    } else if (language !== SHOWN) {
      throw new Error(`${place}: a block is of ${[...RUN, SHOWN].join(', ')}, not "${language}"`);
    } else if (fence.adjacent && previous && isRun(previous.language)) {
      found.push({ ...(found.pop() as Block), prints: code });
    }
    previous = fence;
  }
  return found;
}

function isRun(language: string): language is Block['language'] {
  return RUN.some((name) => name === language);
}

function fencesOf(text: string): Fence[] {
  const fences: Fence[] = [];
  let open: { line: number; language: string; indent: number; lines: string[] } | undefined;
  let adjacent = false;
  for (const [index, row] of text.split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```(\S*)\s*$/.exec(row) ?? [undefined];
    const isFence = /^ *```/.test(row);
    if (open === undefined && isFence) {
      open = { line: index + 1, language, indent: indent.length, lines: [] };
    } else if (open !== undefined && isFence) {
      const code = `${open.lines.join('\n')}\n`;
      fences.push({ line: open.line, language: open.language, code, adjacent });
      open = undefined;
      adjacent = true;
    } else if (open !== undefined) {
      open.lines.push(row.slice(open.indent));
    } else if (row.trim() !== '') {
      adjacent = false;
    }
  }
  return fences;
}

/** The commands of a shell block: lines that go on, by a backslash or in quotes, are one. */
export function commandsOf(code: string): string[] {
  const commands: string[] = [];
  let begun = '';
  for (const line of code.split('\n')) {
    begun += begun === '' ? line : `\n${line}`;
    const quotes = begun.replaceAll(/"[^"]*"|#.*$/gm, '').split("'").length - 1;
    if (!line.endsWith('\\') && quotes % 2 === 0) {
      commands.push(begun);
      begun = '';
    }
  }
  return [...commands, begun].filter((command) => command.trim() !== '');
}

/** Whether a run printed what the page shows. */
export function matches(printed: string, shown: string): boolean {
  const lines = shown
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [first = '', ...rest] = line.trimEnd().split('...').map(literal);
      // Alone on its line it stands for lines, none of them being lawful too.
      return line.trim() === '...' ? '(?:[^\n]*\n)*' : `${[first, ...rest].join('[^\n]*')}\n`;
    });
  return new RegExp(`^${lines.join('')}$`).test(`${tidy(printed)}\n`);
}

/** Ends of lines that nobody sees are not compared. */
function tidy(printed: string): string {
  return printed.replaceAll(/[ \t]+$/gm, '').trimEnd();
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
