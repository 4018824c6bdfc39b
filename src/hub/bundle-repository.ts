/**
 * A hypernetwork as a repository: the files of its bundle, manifest.json first among them, at a commit
 * that the digest names. `main` is the active version and moves with it; every version has a tag.
 */

import { bundlePath } from '../bundle/bundle.ts';
import { blamingBundlesOn } from '../contract/errors.ts';
import { commitOf, repositoryOf } from '../contract/repository-names.ts';
import type { HypernetFamily, HypernetVersion } from '../store/families.ts';
import type { HubEffects } from './repository.ts';
import { fixedFiles, type Repository, type Snapshot } from './repository.ts';
import { readAsset, readObject } from './streams.ts';

const MANIFEST = 'manifest.json';

/** The repository of all versions of a hypernetwork. */
export function bundleRepository(family: HypernetFamily, effects: HubEffects): Repository {
  const { name, versions, activeDigest } = family;
  return {
    id: repositoryOf(name),
    lasting: true,
    branches: activeDigest === null ? [] : [{ name: 'main', commit: commitOf(activeDigest) }],
    tags: versions.map(({ version, digest }) => ({
      name: `v${version}`,
      commit: commitOf(digest),
    })),
    async snapshot(commit) {
      const version = versions.find(({ digest }) => commitOf(digest) === commit);
      if (version === undefined) {
        throw new Error(`${name} has no version whose digest begins with ${commit}`);
      }
      return bundleSnapshot(version, effects);
    },
  };
}

async function bundleSnapshot(version: HypernetVersion, effects: HubEffects): Promise<Snapshot> {
  const { manifest, manifestBytes } = await blamingBundlesOn('endpoint', () =>
    effects.catalog.open(version),
  );
  const listed = Object.entries(manifest.files).map(([path, { bytes, sha256 }]) => ({
    path,
    bytes,
    sha256,
    contentType: 'application/octet-stream',
  }));
  const own = {
    path: MANIFEST,
    bytes: manifestBytes,
    sha256: version.digest,
    contentType: 'application/json',
  };
  const { base_model: base, output } = manifest.target;
  return {
    commit: commitOf(version.digest),
    // Nobody noted when a built-in bundle came.
    createdAt: version.registeredAt ?? 0,
    ...fixedFiles([own, ...listed]),
    facts: {
      library: 't2l-edge',
      tags: [
        'hypernetwork',
        'text-to-lora',
        // What it writes, if it is not what its name says.
        ...(output === undefined ? [] : [output]),
        `base_model:${base.id}`,
        `license:${base.license}`,
      ],
    },
    async read(file, range) {
      const path = bundlePath(version, file.path);
      return version.origin === 'built-in'
        ? readAsset(effects.assets, `hypernets/${path}`, file, range)
        : readObject(effects.bundles, path, file, range);
    },
    announce: async () => {},
  };
}
