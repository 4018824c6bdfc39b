/**
 * Which bundle a page means and where its files are: at an endpoint, as the repository `t2l/<name>` of
 * the Hub protocol, at the commit that the digest names; or in a folder of any file server.
 *
 * A name has to be looked up, because its active version changes. The answer is kept, and serves while
 * the server cannot be reached; the digest in it is what everything else is checked against.
 */
import * as z from 'zod';
import { bundlePath } from '../bundle/bundle.ts';
import { T2lError } from '../contract/errors.ts';
import { commitOf, repositoryOf } from '../contract/repository-names.ts';
import { createClient } from '../sdk/client.ts';
import { findMaker } from '../sdk/hypernet-lookup.ts';
import { readBuiltIn } from '../store/built-in.ts';
import { download } from './download.ts';
import type { FileCache } from './file-cache.ts';
import type { HypernetOptions } from './options.ts';

const referenceSchema = z.object({ name: z.string(), version: z.string(), digest: z.string() });

type Reference = z.output<typeof referenceSchema>;

/** One version of a hypernetwork, and where it lies. */
export interface BundlePlace extends Reference {
  /** Address that the paths begin at. */
  readonly base: string;
  /** The path of a file of the bundle, by its name there. */
  pathOf(file: string): string;
}

/**
 * Finds what the options name.
 *
 * @throws T2lError `hypernet_unknown`, `hypernet_inactive`, `bundle_digest_mismatch`,
 *   `endpoint_malformed`, `endpoint_unreachable`
 */
export async function findPlace(options: HypernetOptions, cache: FileCache): Promise<BundlePlace> {
  const { endpoint, bundles } = options;
  if ((endpoint === undefined) === (bundles === undefined)) {
    throw new T2lError(
      'endpoint_malformed',
      'Give either endpoint, the address of a t2l endpoint, or bundles, that of a folder of bundles.',
    );
  }
  const base = absolute(endpoint ?? bundles ?? '');
  const lookUp = endpoint === undefined ? folderVersion : endpointVersion;
  const found = pinned(options) ?? (await remembered(base, options, cache, lookUp));
  if (options.digest !== undefined && options.digest !== found.digest) {
    throw new T2lError(
      'bundle_digest_mismatch',
      `${found.name} ${found.version} has the digest ${found.digest} where ${options.digest} is expected.`,
    );
  }
  const repository = `/${repositoryOf(found.name)}/resolve/${commitOf(found.digest)}`;
  return {
    ...found,
    base,
    pathOf: (file) =>
      endpoint === undefined ? `/${bundlePath(found, file)}` : `${repository}/${file}`,
  };
}

/** An address as a page writes it, without its last slash; what is none is left to be refused. */
function absolute(address: string): string {
  const here = (globalThis as { location?: { href: string } }).location?.href;
  const url = URL.canParse(address, here) ? new URL(address, here).href : address;
  return url.replace(/\/+$/, '');
}

/** `name@version` and its digest say everything. */
function pinned({ name, digest }: HypernetOptions): Reference | undefined {
  const [, family, version] = /^([a-z0-9._-]+)@([0-9A-Za-z.-]+)$/.exec(name ?? '') ?? [];
  return family !== undefined && version !== undefined && digest !== undefined
    ? { name: family, version, digest }
    : undefined;
}

type LookUp = (
  base: string,
  name: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<Reference>;

async function remembered(
  base: string,
  { name, digest, signal }: HypernetOptions,
  cache: FileCache,
  lookUp: LookUp,
): Promise<Reference> {
  const wanted = name ?? digest;
  const key = `${base}/?t2l-hypernet=${encodeURIComponent(wanted ?? '')}`;
  try {
    const found = await lookUp(base, wanted, signal);
    await cache.put(key, new TextEncoder().encode(JSON.stringify(found)));
    return found;
  } catch (error) {
    const unreachable = error instanceof T2lError && error.code === 'endpoint_unreachable';
    const kept = unreachable ? await cache.get(key) : null;
    if (kept === null) {
      throw error;
    }
    return referenceSchema.parse(JSON.parse(new TextDecoder().decode(kept)));
  }
}

const endpointVersion: LookUp = async (endpoint, name, signal) => {
  const list = await createClient({ endpoint }).hypernets({ signal });
  const { version, digest } = findMaker(list, name);
  const family = list.hypernets.find(({ versions }) =>
    versions.some((one) => one.digest === digest),
  );
  return { name: family?.name ?? '', version, digest };
};

const folderVersion: LookUp = async (base, name, signal) => {
  const index = await download(base, '/index.json', () => undefined, signal);
  if (index === null) {
    throw new T2lError(
      'bundle_missing_file',
      `${base}/index.json does not exist: it must list the bundles of the folder.`,
    );
  }
  const { defaultName, versions } = await readBuiltIn({ read: async () => index }).catch(() => {
    throw new T2lError(
      'answer_unexpected',
      `${base}/index.json is not a list of bundles: {"default", "bundles": [{"name", "version", "digest"}]}.`,
    );
  });
  const wanted = name ?? defaultName;
  const found = versions.findLast((one) =>
    [one.name, `${one.name}@${one.version}`, one.digest].includes(wanted),
  );
  if (found === undefined) {
    throw new T2lError('hypernet_unknown', `${base}/index.json lists no hypernetwork ${wanted}.`);
  }
  return { name: found.name, version: found.version, digest: found.digest };
};
