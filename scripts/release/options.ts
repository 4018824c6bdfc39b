/** What `npm run release` is told to do. */
import { resolve } from 'node:path';
import { reasonSchema } from '../../src/contract/requests/hypernets.ts';
import { readArguments, WrongUsage } from '../command.ts';
import { DEFAULT_STATE } from './local.ts';

export const USAGE = `Bring a hypernetwork to an endpoint: verify it, compare its figures with those of the active version,
upload it, register it, try it, activate it.

  npm run release -- DIR [options]                               the bundle in a folder
  npm run release -- --rollback NAME --from VERSION [options]    from this version, which is active, to
                                                                 the one that was active before it
  npm run release -- DIR --canary PERCENT [options]              this bundle answers for a part of the
                                                                 descriptions, and is not active yet
  npm run release -- --promote NAME [options]                    the canary becomes active
  npm run release -- --abort NAME [options]                      the canary answers for nothing any more
  npm run release -- --yank NAME@VERSION --reason WHY [options]  this version makes no new adapters; those
                                                                 that it made stay

  --remote             to Cloudflare and the endpoint at T2L_ENDPOINT, not to this machine; needs
                       T2L_ADMIN_TOKEN too, and wrangler logged in (or CLOUDFLARE_API_TOKEN and
                       CLOUDFLARE_ACCOUNT_ID)
  --persist-to FOLDER  another local state than that of npm start
  --reason WHY         one line for the history of the hypernetwork
  --force              release a bundle that was measured worse than the active version or answers worse than
                       its manifest says, or promote a canary that made hardly any adapters; takes --reason
  --key FILE           sign the bundle with this private key (\`npx t2l keys new FILE\`); in its place, the
                       variable T2L_SIGNING_KEY with what such a file holds
  --help               print this

Whatever fails leaves what was active active.`;

/** What to do, and where. */
export interface Options {
  readonly remote: boolean;
  /** Folder of the local state. */
  readonly state: string;
  readonly work: Work;
}

/** One of the things that can be done. */
export type Work =
  | {
      readonly kind: 'release';
      readonly directory: string;
      readonly force: boolean;
      /** File of the private key to sign with. */
      readonly key: string | undefined;
      /** Part of the descriptions that it is to answer for; undefined: it is to be active. */
      readonly canary: number | undefined;
      readonly reason: string | undefined;
    }
  | {
      readonly kind: 'rollback';
      readonly name: string;
      readonly from: string | undefined;
      readonly reason: string | undefined;
      /** The same command with `--from`. */
      readonly commandFrom: (version: string) => string;
    }
  | {
      readonly kind: 'promote';
      readonly name: string;
      readonly force: boolean;
      readonly reason: string | undefined;
    }
  | { readonly kind: 'abort'; readonly name: string }
  | {
      readonly kind: 'yank';
      readonly name: string;
      readonly version: string;
      readonly reason: string;
    };

/** The options of the command line. */
export function readOptions(): Options {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      remote: { type: 'boolean', default: false },
      rollback: { type: 'string' },
      from: { type: 'string' },
      promote: { type: 'string' },
      abort: { type: 'string' },
      yank: { type: 'string' },
      canary: { type: 'string' },
      force: { type: 'boolean', default: false },
      reason: { type: 'string' },
      key: { type: 'string' },
      'persist-to': { type: 'string' },
    },
  });
  const { remote, rollback, from, promote, abort, yank } = values;
  const { canary, force, reason, key, 'persist-to': persistTo } = values;
  const wanted = [...positionals, rollback, promote, abort, yank];
  if (wanted.filter((one) => one !== undefined).length !== 1) {
    throw new WrongUsage(
      'Name one bundle folder, or one hypernetwork with --rollback, --promote, --abort or --yank.',
    );
  }
  if (from !== undefined && rollback === undefined) {
    throw new WrongUsage('--from says what a --rollback goes back from.');
  }
  if (force && ((positionals[0] ?? promote) === undefined || reason === undefined)) {
    throw new WrongUsage('--force is for a bundle folder or --promote, and takes --reason "why".');
  }
  if ((key ?? canary) !== undefined && positionals.length === 0) {
    throw new WrongUsage('--key and --canary are for a bundle folder.');
  }
  const { error } = reasonSchema.optional().safeParse(reason);
  if (error !== undefined) {
    throw new WrongUsage(`--${error.issues[0]?.message}`);
  }
  const place = { remote, state: resolve(persistTo ?? DEFAULT_STATE) };
  if (rollback !== undefined) {
    const same = [
      ...(reason === undefined ? [] : ['--reason', quoted(reason)]),
      ...(remote ? ['--remote'] : []),
      ...(persistTo === undefined ? [] : ['--persist-to', quoted(persistTo)]),
    ];
    const commandFrom = (version: string) =>
      ['npm run release -- --rollback', rollback, '--from', version, ...same].join(' ');
    return { ...place, work: { kind: 'rollback', name: rollback, from, reason, commandFrom } };
  }
  if (promote !== undefined) {
    return { ...place, work: { kind: 'promote', name: promote, force, reason } };
  }
  if (abort !== undefined) {
    return { ...place, work: { kind: 'abort', name: abort } };
  }
  if (yank !== undefined) {
    return { ...place, work: { kind: 'yank', ...yankOf(yank, reason) } };
  }
  return {
    ...place,
    work: {
      kind: 'release',
      directory: positionals[0] ?? '',
      canary: canary === undefined ? undefined : percentOf(canary),
      force,
      key,
      reason,
    },
  };
}

function percentOf(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) {
    throw new WrongUsage(`--canary must be a whole number from 1 to 99, not ${text}.`);
  }
  return Number(text);
}

function yankOf(
  reference: string,
  reason: string | undefined,
): { name: string; version: string; reason: string } {
  const [name, version, ...rest] = reference.split('@');
  if (!name || !version || rest.length > 0) {
    throw new WrongUsage(`--yank takes one version as NAME@VERSION, not ${reference}.`);
  }
  if (reason === undefined) {
    throw new WrongUsage('--yank takes --reason "why": whoever asks for the version is told.');
  }
  return { name, version, reason };
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
