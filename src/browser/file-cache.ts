/**
 * The browser's Cache API as a store of files by address. It is an advantage, not a need: where a page
 * may not have it, or its room is used up, files are simply not there.
 */

/** Files that were verified before they were put here. */
export interface FileCache {
  get(url: string): Promise<Uint8Array | null>;
  /** Whether there is such a file; its bytes are not read. */
  has(url: string): Promise<boolean>;
  put(url: string, bytes: Uint8Array): Promise<void>;
  remove(url: string): Promise<void>;
}

const NAME = 't2l-edge';

/** The cache of this page's origin. */
export async function openFileCache(): Promise<FileCache> {
  const cache = await ifAllowed(() => caches.open(NAME));
  return {
    async get(url) {
      const found = await ifAllowed(() => cache?.match(url));
      return found === undefined ? null : new Uint8Array(await found.arrayBuffer());
    },
    async has(url) {
      return (await ifAllowed(() => cache?.match(url))) !== undefined;
    },
    async put(url, bytes) {
      // A response copies bytes when it is made: the caller may free them meanwhile.
      const response = new Response(bytes as BodyInit);
      await ifAllowed(() => cache?.put(url, response));
    },
    async remove(url) {
      await ifAllowed(() => cache?.delete(url));
    },
  };
}

async function ifAllowed<T>(work: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
