/**
 * What an isolate holds while it works, as its inspector tells: the JavaScript heap, what the
 * embedder holds for it, and the bytes behind array buffers. WASM memory is in none of them.
 *
 * The inspector is asked all the time, and V8 answers between two turns of the event loop: never while
 * the Worker computes. What is seen is what lives while it waits, for example for its bucket.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** The JavaScript half of an isolate when it was largest. */
export interface HeapPeak {
  readonly samples: number;
  /** JavaScript heap, embedder heap and array buffers together, at their largest sum. */
  readonly bytes: number;
}

/** A sampler at work. */
export interface HeapSampler {
  peak(): HeapPeak;
  close(): Promise<void>;
}

const PAUSE_MS = 1;

const usageSchema = z.object({
  result: z.object({
    usedSize: z.number(),
    embedderHeapUsedSize: z.number(),
    backingStorageSize: z.number(),
  }),
});

/** Samples the isolate behind an inspector's WebSocket until it is closed. */
export async function sampleHeap(inspector: string): Promise<HeapSampler> {
  const socket = new WebSocket(inspector);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`${inspector} cannot be reached`)));
  });
  let answered: (() => void) | undefined;
  let peak: HeapPeak = { samples: 0, bytes: 0 };
  socket.addEventListener('message', ({ data }) => {
    const parsed = usageSchema.safeParse(JSON.parse(String(data)));
    if (parsed.success) {
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = parsed.data.result;
      const bytes = usedSize + embedderHeapUsedSize + backingStorageSize;
      peak = { samples: peak.samples + 1, bytes: Math.max(peak.bytes, bytes) };
      answered?.();
    }
  });
  let open = true;
  async function ask(): Promise<void> {
    for (let id = 1; open; id++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      answered = resolve;
      socket.send(JSON.stringify({ id, method: 'Runtime.getHeapUsage' }));
      await promise;
      await sleep(PAUSE_MS);
    }
  }
  void ask();
  return {
    peak: () => peak,
    async close() {
      open = false;
      answered?.();
      socket.close();
    },
  };
}
