/**
 * Every hypernetwork of this endpoint: the built-in ones among the static assets, and the registered
 * ones, whose files lie in R2 and whose rows lie in D1. A request names one by name, by name@version or
 * by the digest of its manifest; where a bundle is both, the built-in one is taken and no row is read.
 */

import {
  assetsSource,
  type BundleSource,
  type OpenedBundle,
  openBundle,
  r2Source,
} from '../bundle/bundle.ts';
import { createLatest } from '../bundle/latest.ts';
import type { AdapterInput } from '../contract/adapter-id.ts';
import { canaryAnswers } from '../contract/canary.ts';
import { T2lError } from '../contract/errors.ts';
import { isHex64 } from '../contract/hex.ts';
import { type BuiltIn, readBuiltIn } from './built-in.ts';
import {
  canaryOf,
  familiesOf,
  type HypernetFamily,
  type HypernetVersion,
  registeredVersion,
} from './families.ts';
import type { HypernetStore } from './hypernets.ts';
import type { YankRow } from './schema.ts';
import { steady } from './steady.ts';

export interface Catalog {
  /** The name that answers when a request names none. */
  defaultName(): Promise<string>;
  /**
   * The version that a name, `name@version` or digest stands for; without one, the default.
   *
   * @param input what it is to make an adapter of: a name's canary answers for some descriptions
   */
  resolve(reference?: string, input?: AdapterInput): Promise<HypernetVersion>;
  /** The version with this digest, if there is one. */
  byDigest(digest: string): Promise<HypernetVersion | undefined>;
  byVersion(name: string, version: string): Promise<HypernetVersion | undefined>;
  /** All versions of a name; undefined if there are none. */
  family(name: string): Promise<HypernetFamily | undefined>;
  families(): Promise<readonly HypernetFamily[]>;
  /** Why the version with this digest is to make no new adapters; undefined if it may. */
  yank(digest: string): Promise<YankRow | undefined>;
  /** Opens the bundle of a version; its manifest is verified. */
  open(version: HypernetVersion): Promise<OpenedBundle>;
  /** Opens it from the store, whatever is remembered of it. */
  openAnew(version: HypernetVersion): Promise<OpenedBundle>;
}

/** What the catalog reads of the rows. */
export type CatalogRows = Pick<
  HypernetStore,
  'byDigest' | 'byVersion' | 'list' | 'channel' | 'channels' | 'yank' | 'yanks'
>;

/** Opening a bundle reads and verifies its manifest, some 100 kB: the last ones stay opened. */
const MAX_OPENED = 8;
const opened = createLatest<OpenedBundle>(MAX_OPENED);

/** What the indexes of assets say: the assets of a Worker are those it was deployed with, for good. */
const indexes = new WeakMap<Fetcher, BuiltIn>();

/** The catalog of the given assets, bucket and rows. */
export function catalog(assets: Fetcher, bucket: R2Bucket, rows: HypernetStore): Catalog {
  const source = steady(assetsSource(assets));
  return catalogOf(source, steady(r2Source(bucket)), rows, async () => {
    const index = indexes.get(assets) ?? (await readBuiltIn(source));
    indexes.set(assets, index);
    return index;
  });
}

/**
 * The catalog of built-in bundles in one source and registered ones in another.
 *
 * @param readIndex reads which are built in; from their source if left out
 */
export function catalogOf(
  builtInSource: BundleSource,
  registeredSource: BundleSource,
  rows: CatalogRows,
  readIndex: () => Promise<BuiltIn> = () => readBuiltIn(builtInSource),
): Catalog {
  let index: Promise<BuiltIn> | undefined;

  function builtIn(): Promise<BuiltIn> {
    index ??= readIndex();
    return index;
  }

  async function byDigest(digest: string): Promise<HypernetVersion | undefined> {
    const known = (await builtIn()).versions.find((version) => version.digest === digest);
    const row = known ? undefined : await rows.byDigest(digest);
    return known ?? (row && registeredVersion(row));
  }

  async function byVersion(name: string, version: string): Promise<HypernetVersion | undefined> {
    const known = (await builtIn()).versions.find(
      (one) => one.name === name && one.version === version,
    );
    const row = known ? undefined : await rows.byVersion(name, version);
    return known ?? (row && registeredVersion(row));
  }

  async function answering(name: string, input?: AdapterInput): Promise<HypernetVersion> {
    const channel = await rows.channel(name);
    const canary = canaryOf(channel);
    // An embedding is of the active version's encoder, which the canary's need not be.
    const tried =
      canary !== null &&
      input !== undefined &&
      'description' in input &&
      (await canaryAnswers(canary, input.description));
    const chosen =
      (tried ? await byDigest(canary.digest) : undefined) ??
      (channel && (await byDigest(channel.activeDigest)));
    if (chosen !== undefined) {
      return chosen;
    }
    // Nobody chose, or chose a built-in version that this deployment no longer has.
    const last = (await builtIn()).versions.findLast((version) => version.name === name);
    if (last !== undefined) {
      return last;
    }
    if ((await rows.list(name)).length > 0) {
      throw new T2lError(
        'hypernet_inactive',
        `No version of ${name} is active; name one as ${name}@<version>, or activate one.`,
      );
    }
    return unknown(name);
  }

  async function families(name?: string): Promise<readonly HypernetFamily[]> {
    const [{ versions }, registered, channels, yanks] = await Promise.all([
      builtIn(),
      rows.list(name),
      rows.channels(),
      rows.yanks(name),
    ]);
    return familiesOf(versions, { registered, channels, yanks }, name);
  }

  async function defaultName(): Promise<string> {
    return (await builtIn()).defaultName;
  }

  function sourceOf({ origin }: HypernetVersion): BundleSource {
    return origin === 'built-in' ? builtInSource : registeredSource;
  }

  return {
    defaultName,
    async resolve(reference, input) {
      const wanted = reference ?? (await defaultName());
      const [name = '', version] = wanted.split('@');
      if (version !== undefined) {
        return (await byVersion(name, version)) ?? unknown(wanted);
      }
      if (isHex64(wanted)) {
        return (await byDigest(wanted)) ?? unknown(wanted);
      }
      return answering(wanted, input);
    },
    byDigest,
    byVersion,
    async family(name) {
      return (await families(name))[0];
    },
    families: () => families(),
    yank: (digest) => rows.yank(digest),
    open: (version) => opened(version.digest, () => openBundle(sourceOf(version), version)),
    openAnew: (version) => openBundle(sourceOf(version), version),
  };
}

function unknown(reference: string): never {
  throw new T2lError(
    'hypernet_unknown',
    `There is no hypernetwork ${reference}; GET /v1/hypernets lists them.`,
  );
}
