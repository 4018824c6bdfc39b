/** What an isolate of workerd holds, as its inspector tells. */

/** What V8's inspector answers with. */
interface Usage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

/** Looks into an isolate. */
export interface HeapProbe {
  /** MiB that it holds just now, garbage included and without WASM memory. */
  heldMib(): Promise<number>;
  close(): void;
}

/** Connects to the inspector of an isolate. */
export async function probeHeap(inspector: string): Promise<HeapProbe> {
  const socket = new WebSocket(inspector);
  const waiting = new Map<number, (usage: Usage) => void>();
  let asked = 0;
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`${inspector} cannot be reached`)));
  });
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: Usage };
    if (id !== undefined && result !== undefined) {
      waiting.get(id)?.(result);
      waiting.delete(id);
    }
  });
  return {
    async heldMib() {
      const id = ++asked;
      const usage = await new Promise<Usage>((resolve) => {
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ id, method: 'Runtime.getHeapUsage' }));
      });
      return (usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize) / 2 ** 20;
    },
    close: () => socket.close(),
  };
}
