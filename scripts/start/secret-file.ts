/**
 * Secrets for `wrangler dev` in a file that only we can read, for as long as it runs: what stands on a
 * command line, everybody on the machine can read. wrangler then looks for no other such file by itself, so
 * those that it would have read are named before ours.
 */
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refusal } from '../command.ts';
import { ROOT } from '../environment.ts';

/** Secrets that lie in a file. */
export interface SecretFile {
  /** What tells wrangler of it. */
  readonly flags: readonly string[];
  remove(): void;
}

/** Of these wrangler reads the first group that has a file. */
const ITS_OWN = [['.dev.vars'], ['.env', '.env.local']];
const QUOTES = ["'", '`', '"'];
const ONLY_WE = 0o600;

/** Writes secrets into a file of their own; none, and nothing is written. */
export async function writeSecrets(secrets: Readonly<Record<string, string>>): Promise<SecretFile> {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${quoted(name, value)}\n`);
  if (lines.length === 0) {
    return { flags: [], remove() {} };
  }
  const folder = await mkdtemp(join(tmpdir(), 't2l-secrets-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Also where a signal ends us before anybody is told of it.
  process.on('exit', remove);
  const file = join(folder, 'env');
  await writeFile(file, lines.join(''), { mode: ONLY_WE });
  const others = ITS_OWN.map((group) =>
    group.map((name) => join(ROOT, name)).filter((path) => existsSync(path)),
  ).find((found) => found.length > 0);
  return {
    flags: [...(others ?? []), file].flatMap((path) => ['--env-file', path]),
    remove,
  };
}

/**
 * A value as a .env file has it: in a pair of quotes that it has none of, it is taken as it is, but for what
 * wrangler puts in the place of `$NAME`, which a backslash before it prevents.
 */
function quoted(name: string, value: string): string {
  const quote = QUOTES.find((one) => !value.includes(one));
  if (quote === undefined || /[\\\r\n]/.test(value)) {
    throw new Refusal(
      `${name} holds what a file of settings cannot (all of ' \` ", a backslash or a line end); letters and digits are safe.`,
    );
  }
  return `${quote}${value.replaceAll('$', '\\$')}${quote}`;
}
