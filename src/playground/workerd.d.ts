/** Types of workerd that sources name which the page shares with the Worker; no page has such a thing. */
interface R2ObjectBody {
  readonly body: {
    getReader(options: { mode: 'byob' }): {
      readAtLeast(bytes: number, view: Uint8Array): Promise<{ value?: Uint8Array; done: boolean }>;
    };
    cancel(): Promise<void>;
  };
  readonly size: number;
}

interface R2Bucket {
  get(key: string): Promise<R2ObjectBody | null>;
}
