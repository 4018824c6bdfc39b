/** Types of workerd that sources name which the page shares with the Worker; no page has such a thing. */
interface R2Object {
  readonly key: string;
  readonly size: number;
  readonly checksums: { toJSON(): { readonly sha256?: string } };
  readonly httpMetadata?: { readonly contentType?: string };
}

interface CacheStorage {
  readonly default: Cache;
}

interface ReadableStreamBYOBReader {
  readAtLeast(
    bytes: number,
    view: Uint8Array<ArrayBuffer>,
  ): Promise<{ value?: Uint8Array<ArrayBuffer>; done: boolean }>;
}

interface R2ObjectBody extends R2Object {
  readonly body: ReadableStream;
}

interface R2Bucket {
  get(key: string, options?: object): Promise<R2ObjectBody | null>;
  head(key: string): Promise<R2Object | null>;
  put(key: string, value: unknown, options?: object): Promise<R2Object>;
  delete(keys: string | string[]): Promise<void>;
  list(options?: object): Promise<{
    readonly objects: readonly (R2Object & { readonly uploaded: Date })[];
    readonly truncated: boolean;
  }>;
}

interface D1Database {
  prepare(query: string): unknown;
}

interface Fetcher {
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
}
