/**
 * The versions of each hypernetwork, built-in and registered, and which one answers to the name: the
 * one that its channel names, else the last built-in one. A channel may name a built-in version that
 * this deployment no longer has; it then counts as none.
 */
import type { Canary } from '../contract/canary.ts';
import type { ChannelRow, HypernetRow, YankRow } from './schema.ts';

/** One version of a hypernetwork. */
export interface HypernetVersion {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly origin: 'built-in' | 'registered';
  /** Milliseconds since 1970; null for built-in versions. */
  readonly registeredAt: number | null;
}

/** All versions of a name, and which one answers. */
export interface HypernetFamily {
  readonly name: string;
  readonly versions: readonly HypernetVersion[];
  readonly activeDigest: string | null;
  readonly previousDigest: string | null;
  /** What its channel names, even if there is no such version any more; null: nobody chose. */
  readonly chosenDigest: string | null;
  /** The version that answers for a part of the descriptions, if there is one. */
  readonly canary: Canary | null;
  /** The versions that make no new adapters. */
  readonly yanks: readonly YankRow[];
}

/** What the database has of hypernetworks. */
export interface FamilyRows {
  readonly registered: readonly HypernetRow[];
  readonly channels: readonly ChannelRow[];
  readonly yanks: readonly YankRow[];
}

/** The entry of a registered bundle. */
export function registeredVersion(row: HypernetRow): HypernetVersion {
  return { ...row, origin: 'registered' };
}

/** The canary of a channel. */
export function canaryOf(channel: ChannelRow | undefined): Canary | null {
  const { canaryDigest = null, canaryPercent = null } = channel ?? {};
  return canaryDigest === null || canaryPercent === null
    ? null
    : { digest: canaryDigest, percent: canaryPercent };
}

/**
 * All versions by name, names in order; a bundle that is built in and registered is the built-in one.
 *
 * @param name of the only family that is wanted; left out, all are
 */
export function familiesOf(
  builtIn: readonly HypernetVersion[],
  { registered, channels, yanks }: FamilyRows,
  name: string | undefined,
): readonly HypernetFamily[] {
  const digests = new Set(builtIn.map(({ digest }) => digest));
  const all = [
    ...builtIn.filter((version) => name === undefined || version.name === name),
    ...registered.filter(({ digest }) => !digests.has(digest)).map(registeredVersion),
  ];
  return [...Map.groupBy(all, (version) => version.name)]
    .map(([one, versions]) =>
      familyOf(
        one,
        versions,
        channels.find((row) => row.name === one),
        yanks.filter((row) => row.name === one),
      ),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function familyOf(
  name: string,
  versions: readonly HypernetVersion[],
  channel: ChannelRow | undefined,
  yanks: readonly YankRow[],
): HypernetFamily {
  const last = versions.findLast(({ origin }) => origin === 'built-in');
  const canary = canaryOf(channel);
  const there = (digest: string | null | undefined) =>
    versions.some((version) => version.digest === digest) ? digest : undefined;
  return {
    name,
    versions,
    activeDigest: there(channel?.activeDigest) ?? last?.digest ?? null,
    previousDigest: there(channel?.previousDigest) ?? null,
    chosenDigest: channel?.activeDigest ?? null,
    canary: canary !== null && there(canary.digest) !== undefined ? canary : null,
    yanks,
  };
}
