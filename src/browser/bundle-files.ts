/**
 * The files of a bundle in a page: from the browser's cache, or over the network and then, once they
 * are verified, into the cache. bundle/bundle.ts verifies both alike; what is not the manifest's file
 * is never kept, and what was kept and is damaged is fetched again.
 */

import { type Bundle, type BundleSource, openBundle } from '../bundle/bundle.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { download } from './download.ts';
import type { FileCache } from './file-cache.ts';
import type { HypernetOptions } from './options.ts';
import type { BundlePlace } from './place.ts';

const MANIFEST = 'manifest.json';

/** Opens the bundle; its reads end with the signal. */
export type OpenBundle = (signal: AbortSignal | undefined) => Promise<Bundle>;

/** The files at a place. */
export function bundleFiles(
  place: BundlePlace,
  cache: FileCache,
  progress: HypernetOptions['progress'],
): OpenBundle {
  const own = `${place.name}/${place.version}/`;
  const urlOf = (file: string) => `${place.base}${place.pathOf(file)}`;
  /** As it was when it was verified first: it is opened for every adapter. */
  let manifest: Uint8Array | undefined;
  let listed: Manifest['files'] = {};

  return async (signal) => {
    /** What came over the network and is not verified yet. */
    const fetched = new Map<string, Uint8Array>();
    let manifestRead: Uint8Array | undefined;

    async function fetchFile(file: string): Promise<Uint8Array | null> {
      const total = listed[file]?.bytes;
      const report = (loaded: number) => progress?.({ file, loaded, total });
      const bytes = await download(place.base, place.pathOf(file), report, signal);
      if (bytes !== null) {
        fetched.set(file, bytes);
      }
      return bytes;
    }
    const source: BundleSource = {
      async read(path) {
        signal?.throwIfAborted();
        const file = path.startsWith(own) ? path.slice(own.length) : path;
        if (file === MANIFEST && manifest !== undefined) {
          return manifest;
        }
        const bytes = (await cache.get(urlOf(file))) ?? (await fetchFile(file));
        if (file === MANIFEST) {
          manifestRead = bytes ?? undefined;
        }
        return bytes;
      },
    };
    async function verified<T>(file: string, read: () => Promise<T>): Promise<T> {
      const result = await read().catch(async (error: unknown) => {
        const damaged = error instanceof T2lError && error.code === 'bundle_digest_mismatch';
        if (!damaged || fetched.delete(file)) {
          throw error;
        }
        await cache.remove(urlOf(file));
        return read();
      });
      const bytes = fetched.get(file);
      if (bytes !== undefined) {
        fetched.delete(file);
        await cache.put(urlOf(file), bytes);
      }
      return result;
    }

    const opened = await verified(MANIFEST, () => openBundle(source, place));
    listed = opened.manifest.files;
    manifest ??= manifestRead;
    return {
      manifest: opened.manifest,
      digest: opened.digest,
      read: (file) => verified(file, () => opened.read(file)),
    };
  };
}
