/**
 * Keeping what is stored within what the operator pays for. A row is enough to make its files again, bit
 * for bit, so files are a cache: those that were used least recently go first, and whoever reads one waits
 * for its making. A row goes only if somebody without a token had it made and nobody ever read it.
 */
import { CONFIG_FILE, WEIGHTS_FILE } from '../adapter/peft.ts';
import { dayOf } from '../store/quotas.ts';
import type { UseStore } from '../store/uses.ts';
import type { PipelineEffects } from './effects.ts';
import { removeAdapter } from './stored-files.ts';

/** What is kept. */
export interface Budget {
  /** Of all files of adapters in R2. */
  readonly bytes: number;
  /** After so many days an adapter goes that nobody with a token made and nobody read. */
  readonly unreadDays: number;
}

/** What one run did. */
export interface EvictionReport {
  /** Adapters whose files were removed, and how much that was. */
  readonly evicted: number;
  readonly freed_bytes: number;
  /** Adapters that were removed with their rows. */
  readonly expired: number;
  /** What is stored after it. */
  readonly stored_bytes: number;
}

/** Evicting goes on to this share of the budget, so that it is not there again with the next adapter. */
const DOWN_TO = 0.9;
/** Adapters of one statement. */
const SOME = 500;
/** Adapters of one run by the clock: their removal is I/O, of which a run may do a thousand. */
const MOST = 2000;
const MOST_EXPIRED = 200;
const DAY_MS = 86_400_000;
const FILES = [WEIGHTS_FILE, CONFIG_FILE];

type Effects = Pick<PipelineEffects, 'adapters' | 'blobs' | 'layouts' | 'now'>;

/** Removes what is over the budget, a bounded part at a time. */
export async function evict(
  budget: Budget,
  uses: UseStore,
  effects: Effects,
): Promise<EvictionReport> {
  const expired = await expire(budget.unreadDays, uses, effects);
  let stored = await uses.total();
  const [before, goal] = [stored, budget.bytes * DOWN_TO];
  let evicted = 0;
  while (stored > (evicted === 0 ? budget.bytes : goal) && evicted < MOST) {
    const oldest = await uses.oldest(SOME);
    const going: string[] = [];
    for (const { id, bytes } of oldest) {
      if (stored <= goal) {
        break;
      }
      going.push(id);
      stored -= bytes;
    }
    if (going.length === 0) {
      break;
    }
    await Promise.all(going.map((id) => effects.blobs.remove(id, FILES)));
    await uses.evicted(going);
    evicted += going.length;
  }
  return { evicted, freed_bytes: before - stored, expired, stored_bytes: stored };
}

async function expire(days: number, uses: UseStore, effects: Effects): Promise<number> {
  const ids = await uses.unread(dayOf(Math.max(0, effects.now() - days * DAY_MS)), MOST_EXPIRED);
  for (const id of ids) {
    const row = await effects.adapters.get(id);
    if (row !== undefined) {
      await removeAdapter(row, effects);
    }
    await uses.forget(id);
  }
  return ids.length;
}
