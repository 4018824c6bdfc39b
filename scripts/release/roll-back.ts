/**
 * Going back to the version that was active before. Whoever does so says what it goes back from: sent
 * twice, or by two people, a rollback would otherwise bring back what it was to get rid of.
 */
import { T2lError } from '../../src/contract/errors.ts';
import type { HypernetDocument } from '../../src/sdk/index.ts';
import { WrongUsage } from '../command.ts';
import type { ReleaseTarget } from './target.ts';

/** What to go back from, and why. */
export interface Rollback {
  readonly name: string;
  /** The version that is active; undefined: whoever asks has to be told which one that is. */
  readonly from: string | undefined;
  readonly reason: string | undefined;
  /** The command with `--from` that whoever left it out has to type. */
  readonly commandFrom: (version: string) => string;
}

/** Makes the version that was active before the active one again; gives which one that is. */
export async function rollBack(
  { name, from, reason, commandFrom }: Rollback,
  target: ReleaseTarget,
): Promise<string> {
  try {
    const before = await target.client.hypernet(name);
    if (from === undefined) {
      throw new WrongUsage(whatToSay(before, commandFrom));
    }
    const expected = digestOf(before, from);
    const after = await target.client.activate(name, { rollback: true, expected, reason });
    return versionOf(after, after.active) ?? String(after.active);
  } finally {
    await target.close();
  }
}

function whatToSay(hypernet: HypernetDocument, commandFrom: Rollback['commandFrom']): string {
  const active = versionOf(hypernet, hypernet.active);
  return active === undefined
    ? `${hypernet.name} has no active version to go back from; release one.`
    : `A rollback says what it goes back from. ${active} is active: ${commandFrom(active)}`;
}

function digestOf({ name, versions }: HypernetDocument, version: string): string {
  const found = versions.find((one) => one.version === version);
  if (found === undefined) {
    const there = versions.map((one) => one.version).join(', ');
    throw new T2lError('hypernet_unknown', `${name} has no version ${version}, but ${there}.`);
  }
  return found.digest;
}

function versionOf({ versions }: HypernetDocument, digest: string | null): string | undefined {
  return versions.find((one) => one.digest === digest)?.version;
}
