/**
 * A catalog through the endpoint's queue: all requests are handed over, then it is waited until each adapter
 * is there. Whoever stops waiting stops nothing: what was handed over is made all the same, and another run
 * finds it.
 */
import { T2lError } from '../../src/contract/errors.ts';
import type { AdapterDocument, AdapterRequest, T2lClient } from '../../src/sdk/index.ts';
import { progress } from '../command.ts';

const POLL_MS = 1000;
/** Without one more adapter for so long, nobody works on the queue. */
const STALLED_MS = 300_000;
/** Documents that are asked for at once. */
const AT_ONCE = 8;

/** What became of a catalog. */
export interface Handed {
  readonly known: number;
  readonly made: number;
  readonly failed: number;
}

/** Hands requests over and waits for their adapters. */
export async function makeLater(
  client: T2lClient,
  requests: readonly AdapterRequest[],
  size: number,
  note: (document: AdapterDocument) => Promise<void>,
): Promise<Handed> {
  let [known, refused] = [0, 0];
  const waiting = new Set<string>();
  for (let at = 0; at < requests.length; at += size) {
    const lines = await client.batch(requests.slice(at, at + size), { later: true });
    for (const { adapter, id, problem } of lines) {
      if (adapter !== undefined) {
        await note(adapter);
        known++;
      } else if (id !== undefined) {
        waiting.add(id);
      } else {
        refused++;
        progress(`refused: ${problem?.code}: ${problem?.detail}`);
      }
    }
    progress(`${Math.min(at + size, requests.length)} of ${requests.length} handed over`);
  }
  const promised = waiting.size;
  let last = performance.now();
  while (waiting.size > 0 && performance.now() - last < STALLED_MS) {
    const before = waiting.size;
    for (const document of await thoseThere(client, [...waiting])) {
      await note(document);
      waiting.delete(document.id);
    }
    if (waiting.size < before) {
      last = performance.now();
      progress(`${promised - waiting.size} of ${promised} made by the queue`);
    } else {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return { known, made: promised - waiting.size, failed: refused + waiting.size };
}

/** The documents of those that are made by now; the first one that is not ends the look, as a queue has an order. */
async function thoseThere(client: T2lClient, ids: readonly string[]): Promise<AdapterDocument[]> {
  const found: AdapterDocument[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => documentOf(client, id)));
    const there = some.filter((one) => one !== undefined);
    found.push(...there);
    if (there.length === 0) {
      break;
    }
  }
  return found;
}

async function documentOf(client: T2lClient, id: string): Promise<AdapterDocument | undefined> {
  try {
    return await client.adapter(id);
  } catch (error) {
    if (error instanceof T2lError && error.code === 'adapter_unknown') {
      return undefined;
    }
    throw error;
  }
}
