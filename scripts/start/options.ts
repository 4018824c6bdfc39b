/** What `npm start` may be told. */
import { readArguments, WrongUsage, wholeNumber } from '../command.ts';

const DIALECTS = ['openai', 'tei'];
const LAST_PORT = 65_535;

/** The options, checked. */
export interface StartOptions {
  readonly port: number;
  /** The folder of R2 and D1; wrangler's own place if left out. */
  readonly persistTo: string | undefined;
  /** The embedding service of bundles whose encoder is of kind `http`. */
  readonly encoder: { readonly url: string; readonly dialect: string } | undefined;
}

/** What `--help` prints. */
export const USAGE = `The endpoint on this machine, with no account and no network.

  npm start -- [options]

  --port N                where to listen (default: 8787)
  --persist-to DIR        where adapters and bundles are kept (default: .wrangler/state)
  --encoder-url URL       the embedding service of bundles whose encoder is of kind http
  --encoder-dialect NAME  what it speaks: openai (default) or tei
  --help                  print this

T2L_ADMIN_TOKEN, a word of your choice, is the admin token; without it administrative calls are refused. The
other variables that t2l serve reads hold here too: MODERATION, T2L_UNFIT, T2L_ACCESS, TRUSTED_KEYS, ...`;

/**
 * Parses the command line.
 *
 * @throws WrongUsage for an option that is unknown and a value that cannot be right
 */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values } = readArguments({
    args: [...args],
    options: {
      port: { type: 'string', default: '8787' },
      'persist-to': { type: 'string' },
      'encoder-url': { type: 'string' },
      'encoder-dialect': { type: 'string', default: 'openai' },
    },
  });
  const port = wholeNumber('port', values.port, 1);
  if (port > LAST_PORT) {
    throw new WrongUsage(`--port must be at most ${LAST_PORT}, not ${port}.`);
  }
  const [url, dialect] = [values['encoder-url'], values['encoder-dialect']];
  if (!DIALECTS.includes(dialect)) {
    throw new WrongUsage(`--encoder-dialect must be ${DIALECTS.join(' or ')}, not ${dialect}.`);
  }
  if (url !== undefined && !/^https?:/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new WrongUsage(`--encoder-url must be an http(s) address, not ${url}.`);
  }
  return {
    port,
    persistTo: values['persist-to'],
    encoder: url === undefined ? undefined : { url, dialect },
  };
}
