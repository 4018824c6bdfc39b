/**
 * Every hypernetwork of this endpoint: the built-in ones among the static assets, listed by their
 * index.json, and the registered ones, whose files lie in R2 and whose rows lie in D1. A built-in
 * bundle needs no row, so a fresh deployment works before anything was registered.
 *
 * Which version of a name answers: the one its channel names, else the last built-in one.
 */
import { z } from 'zod';
import { T2lError } from '../errors.ts';
import {
  assetsSource,
  type BundleSource,
  type OpenedBundle,
  openBundle,
  r2Source,
} from '../hypernet/bundle.ts';
import type { HypernetStore } from './hypernets.ts';
import type { ChannelRow } from './schema.ts';

const INDEX_PATH = 'index.json';

const indexSchema = z.object({
  default: z.string(),
  bundles: z.array(z.object({ name: z.string(), version: z.string(), digest: z.string() })),
});

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
}

export interface Catalog {
  /** The name that answers when a request names none. */
  defaultName(): Promise<string>;
  /** The version that a name, `name@version` or digest stands for; without one, the default. */
  resolve(reference?: string): Promise<HypernetVersion>;
  /** The version with this digest, if there is one. */
  byDigest(digest: string): Promise<HypernetVersion | undefined>;
  byVersion(name: string, version: string): Promise<HypernetVersion | undefined>;
  /** All versions of a name; undefined if there are none. */
  family(name: string): Promise<HypernetFamily | undefined>;
  families(): Promise<readonly HypernetFamily[]>;
  /** Opens the bundle of a version; its manifest is verified. */
  open(version: HypernetVersion): Promise<OpenedBundle>;
}

/**
 * Opened bundles of this isolate. A bundle is immutable and this map is keyed by its digest, so
 * remembering one saves a read and changes nothing else. A manifest is some 100 kB.
 */
const opened = new Map<string, OpenedBundle>();
const MAX_OPENED = 8;

/** The catalog of the given assets, bucket and rows. */
export function catalog(assets: Fetcher, bucket: R2Bucket, rows: HypernetStore): Catalog {
  return catalogOf(assetsSource(assets), r2Source(bucket), rows);
}

/** The catalog of built-in bundles in one source and registered ones in another. */
export function catalogOf(
  builtInSource: BundleSource,
  registeredSource: BundleSource,
  rows: Pick<HypernetStore, 'byDigest' | 'byVersion' | 'list' | 'channel' | 'channels'>,
): Catalog {
  let index: Promise<z.output<typeof indexSchema>> | undefined;

  function readIndex(): Promise<z.output<typeof indexSchema>> {
    index ??= loadIndex(builtInSource);
    return index;
  }

  async function builtIn(): Promise<readonly HypernetVersion[]> {
    const { bundles } = await readIndex();
    return bundles.map((bundle) => ({ ...bundle, origin: 'built-in', registeredAt: null }));
  }

  async function byDigest(digest: string): Promise<HypernetVersion | undefined> {
    const known = (await builtIn()).find((version) => version.digest === digest);
    const row = known ? undefined : await rows.byDigest(digest);
    return known ?? (row && { ...row, origin: 'registered' });
  }

  async function byVersion(name: string, version: string): Promise<HypernetVersion | undefined> {
    const known = (await builtIn()).find((one) => one.name === name && one.version === version);
    const row = known ? undefined : await rows.byVersion(name, version);
    return known ?? (row && { ...row, origin: 'registered' });
  }

  async function active(name: string): Promise<HypernetVersion> {
    const channel = await rows.channel(name);
    if (channel !== undefined) {
      return (await byDigest(channel.activeDigest)) ?? unknown(`${name} (its active version)`);
    }
    const last = (await builtIn()).findLast((version) => version.name === name);
    if (last !== undefined) {
      return last;
    }
    if ((await rows.list(name)).length > 0) {
      throw new T2lError(
        'hypernet_inactive',
        409,
        `No version of ${name} is active; name one as ${name}@<version>, or activate one.`,
      );
    }
    return unknown(name);
  }

  async function families(name?: string): Promise<readonly HypernetFamily[]> {
    const [fixed, registered, channels] = await Promise.all([
      builtIn(),
      rows.list(name),
      rows.channels(),
    ]);
    const digests = new Set(fixed.map(({ digest }) => digest));
    const all: HypernetVersion[] = [
      ...fixed.filter((version) => name === undefined || version.name === name),
      ...registered
        .filter(({ digest }) => !digests.has(digest))
        .map((row) => ({ ...row, origin: 'registered' as const })),
    ];
    const byName = Map.groupBy(all, (version) => version.name);
    return [...byName]
      .map(([one, versions]) =>
        family(
          one,
          versions,
          channels.find((row) => row.name === one),
        ),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function defaultName(): Promise<string> {
    return (await readIndex()).default;
  }

  return {
    defaultName,
    async resolve(reference) {
      const wanted = reference ?? (await defaultName());
      const [name = '', version] = wanted.split('@');
      if (version !== undefined) {
        return (await byVersion(name, version)) ?? unknown(wanted);
      }
      if (/^[0-9a-f]{64}$/.test(wanted)) {
        return (await byDigest(wanted)) ?? unknown(wanted);
      }
      return active(wanted);
    },
    byDigest,
    byVersion,
    async family(name) {
      return (await families(name))[0];
    },
    families: () => families(),
    async open(version) {
      const known = opened.get(version.digest);
      if (known !== undefined) {
        return known;
      }
      const source = version.origin === 'built-in' ? builtInSource : registeredSource;
      const bundle = await openBundle(source, version);
      const oldest = opened.keys().next().value;
      if (opened.size >= MAX_OPENED && oldest !== undefined) {
        opened.delete(oldest);
      }
      opened.set(version.digest, bundle);
      return bundle;
    },
  };
}

function family(
  name: string,
  versions: readonly HypernetVersion[],
  channel: ChannelRow | undefined,
): HypernetFamily {
  const last = versions.findLast(({ origin }) => origin === 'built-in');
  return {
    name,
    versions,
    activeDigest: channel?.activeDigest ?? last?.digest ?? null,
    previousDigest: channel?.previousDigest ?? null,
  };
}

async function loadIndex(source: BundleSource): Promise<z.output<typeof indexSchema>> {
  const bytes = await source.read(INDEX_PATH);
  if (bytes === null) {
    throw new T2lError('bundle_missing_file', 500, `The asset hypernets/${INDEX_PATH} is missing.`);
  }
  return indexSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

function unknown(reference: string): never {
  throw new T2lError(
    'hypernet_unknown',
    404,
    `There is no hypernetwork ${reference}; GET /v1/hypernets lists them.`,
  );
}
