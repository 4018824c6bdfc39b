/** A description that was not put in quotes reaches a command as several arguments. */
import { T2lError } from '../contract/errors.ts';

/** Fails if a command that takes a description and `others` more arguments has got more than that. */
export function requireQuotes(command: string, args: readonly string[], others = 0): void {
  if (args.length <= 1 + others) {
    return;
  }
  // An input of several words that is in quotes is not part of the sentence.
  const last = others > 0 && /\s/.test(args.at(-1) ?? '') ? args.slice(-1) : [];
  const sentence = args.slice(0, args.length - last.length).join(' ');
  const right = ['t2l', command, ...[sentence, ...last].map(inQuotes)].join(' ');
  throw new T2lError('usage_invalid', `put the description in quotes: ${right}`);
}

/** A text as an argument of a shell. */
function inQuotes(text: string): string {
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}
