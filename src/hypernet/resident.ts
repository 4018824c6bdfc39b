/**
 * What stays in memory between requests: a least-recently-used cache under a byte budget.
 *
 * An isolate has 128 MB in all, so room is made before a load begins, not after, and one thing is
 * loaded at a time: two loads at once, of two encoders for example, would need the room of both. Who
 * wants the thing that is being loaded shares the load. In workerd a load dies with the request that
 * began it, and its promise then never settles: everyone else waits for a bounded time and then goes on
 * as if it had never begun.
 */
import { settledWithin } from '../ort/turns.ts';

/** Something that is kept, and how it is freed. */
export interface Resident {
  release(): Promise<void>;
  /** Whether it was freed, by the cache or by anyone else: it is then never handed out again. */
  readonly released: boolean;
}

/** A cache of loaded things. */
export interface ResidentCache<T extends Resident> {
  /** The thing called `key`; loaded, if it is not resident, after making room for its weight. */
  get(key: string, weight: number, load: () => Promise<T>): Promise<T>;
  /** Frees the thing called `key`, if it is resident. */
  drop(key: string): Promise<void>;
}

/** How long a request waits for another one's load before it counts as dead. */
const LOAD_WAIT_MS = 10_000;

/** Makes a cache whose entries' weights sum to at most `budget`, or that holds just one entry. */
export function createResidentCache<T extends Resident>(budget: number): ResidentCache<T> {
  // A Map iterates in order of insertion: entries are inserted again at every use.
  const entries = new Map<string, { value: T; weight: number }>();
  let loading: { readonly key: string; readonly value: Promise<T> } | undefined;

  async function makeRoom(incoming: number, keep?: string): Promise<void> {
    let total = incoming;
    for (const entry of entries.values()) {
      total += entry.weight;
    }
    for (const [key, entry] of [...entries]) {
      if (total <= budget) {
        return;
      }
      if (key !== keep) {
        entries.delete(key);
        total -= entry.weight;
        await entry.value.release();
      }
    }
  }

  async function loadAndKeep(key: string, weight: number, load: () => Promise<T>): Promise<T> {
    await makeRoom(weight);
    const value = await load();
    const previous = entries.get(key);
    entries.delete(key);
    entries.set(key, { value, weight });
    await previous?.value.release();
    // Loads of other keys may have ended meanwhile.
    await makeRoom(0, key);
    return value;
  }

  return {
    async get(key, weight, load) {
      for (;;) {
        const entry = entries.get(key);
        if (entry !== undefined && !entry.value.released) {
          entries.delete(key);
          entries.set(key, entry);
          return entry.value;
        }
        const other = loading;
        if (other === undefined) {
          break;
        }
        const shared = other.key === key;
        const wanted = shared ? other.value : other.value.catch(() => undefined);
        const value = await settledWithin(wanted, LOAD_WAIT_MS);
        if (shared && value !== undefined) {
          return value;
        }
        if (loading === other) {
          loading = undefined;
        }
      }
      const own = { key, value: loadAndKeep(key, weight, load) };
      loading = own;
      try {
        return await own.value;
      } finally {
        if (loading === own) {
          loading = undefined;
        }
      }
    },
    async drop(key) {
      const entry = entries.get(key);
      entries.delete(key);
      await entry?.value.release();
    },
  };
}
