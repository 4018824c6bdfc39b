/**
 * What a log may say of a failure: where and what it was, and nothing of what somebody sent. Drizzle quotes
 * the parameters of a statement in its errors, descriptions among them, and a service that refuses a text
 * may repeat it; whoever reads the log of an endpoint must not read its users.
 */

/** How much a line of the log matters. */
type Level = 'log' | 'warn' | 'error';

/**
 * Writes a line of the log: one JSON object, whose members Workers Logs can be asked by.
 *
 * @param event what happened, in the same words every time
 */
export function logLine(level: Level, event: string, details: object = {}): void {
  console[level](JSON.stringify({ event, ...details }));
}

/** Drizzle's error: the statement, then its parameters, which may have lines of their own. */
const PARAMETERS = /\nparams: [\s\S]*$/;
/** Characters of a message that a log takes. */
const MOST = 500;
/** So many characters in a row of what was sent are a quotation, not chance. */
const QUOTED = 12;
/** Errors below one another that are said. */
const DEPTH = 4;

/**
 * A failure with its causes and where it was thrown, for a log.
 *
 * @param sent a text that must not be quoted
 */
export function forLog(error: unknown, sent = ''): string {
  const lines: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth === 0 || (depth < DEPTH && current != null); depth++) {
    const { name, message, stack } =
      current instanceof Error ? current : { name: 'thrown', message: String(current), stack: '' };
    const said = withoutText(message.replace(PARAMETERS, ''), sent).slice(0, MOST);
    lines.push(`${depth === 0 ? '' : 'because of '}${name}: ${said}`, ...framesOf(stack, message));
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines.join('\n');
}

/** A text of others, unless it quotes what was sent to them. */
export function withoutText(said: string, sent: string): string {
  const [all, own] = [said.toLowerCase(), sent.toLowerCase()];
  for (let start = 0; start + QUOTED <= own.length; start++) {
    if (all.includes(own.slice(start, start + QUOTED))) {
      return '(left out: it quotes what was sent)';
    }
  }
  return own !== '' && own.length < QUOTED && all.includes(own)
    ? '(left out: it quotes what was sent)'
    : said;
}

/** Where it was thrown. A stack begins with the message, of which a line may look like a place. */
function framesOf(stack: string | undefined, message: string): string[] {
  const places = (stack ?? '').replace(message, () => '');
  return places.split('\n').filter((line) => /^\s+at /.test(line));
}
