/**
 * Keeping what is stored within what the operator pays for. A row is enough to make its files again, bit
 * for bit, so files are a cache: those that were used least recently go first, and whoever reads one waits
 * for its making. A row goes only if somebody without a token had it made and nobody asked for it since.
 */
import { CONFIG_FILE, WEIGHTS_FILE } from '../adapter/peft.ts';
import { forLog, logLine } from '../contract/log.ts';
import { dayOf } from '../store/quotas.ts';
import type { UseStore } from '../store/uses.ts';
import type { PipelineEffects } from './effects.ts';
import { removeAdapter } from './stored-files.ts';

/** What one run of eviction did. */
export interface EvictionReport {
  /** Adapters whose files were removed, and how much that was. */
  readonly evicted: number;
  readonly freed_bytes: number;
  /** What is stored after it. */
  readonly stored_bytes: number;
}

/** What one run of expiry did. */
export interface ExpiryReport {
  /** Adapters that were removed with their rows. */
  readonly expired: number;
  /** Those that could not be, and are tried again the next time. */
  readonly failed: number;
}

/** What one run of trimming did. */
export interface TrimReport {
  /** Adapters that were removed with their rows, those that could not be, and how many there are after it. */
  readonly trimmed: number;
  readonly failed: number;
  readonly adapters: number;
}

/** Evicting goes on to this share of the budget, so that it is not there again with the next adapter. */
const DOWN_TO = 0.9;
/** Adapters of one statement, and of one run by the clock, whose calls to R2 and D1 are limited. */
const SOME = 500;
const MOST = 2000;
const MOST_EXPIRED = 100;
const DAY_MS = 86_400_000;
const FILES = [WEIGHTS_FILE, CONFIG_FILE];

/**
 * Removes files that are over the budget, a bounded part at a time.
 *
 * @param budget bytes of all files of adapters in R2
 */
export async function evict(
  budget: number,
  uses: UseStore,
  { blobs }: Pick<PipelineEffects, 'blobs'>,
): Promise<EvictionReport> {
  let { bytes: stored } = await uses.sums();
  const before = stored;
  let evicted = 0;
  while (stored > (evicted === 0 ? budget : budget * DOWN_TO) && evicted < MOST) {
    const going: string[] = [];
    for (const { id, bytes } of await uses.oldest(SOME)) {
      if (stored <= budget * DOWN_TO) {
        break;
      }
      going.push(id);
      stored -= bytes;
    }
    if (going.length === 0) {
      break;
    }
    // Noted first: files that somebody makes again meanwhile are noted after it, and counted.
    await uses.evicted(going);
    await Promise.all(going.map((id) => (blobs.evict ?? blobs.remove)(id, FILES)));
    evicted += going.length;
  }
  return { evicted, freed_bytes: before - stored, stored_bytes: stored };
}

/**
 * Removes adapters over the number that D1 is to hold, some at a time. Whose they are matters: what somebody
 * with a token made stays, and what nobody ever asked for goes before what was used long ago. Whoever wants
 * one of them asks for it again, and gets the same.
 *
 * @param budget adapters that are to be kept
 */
export async function trim(
  budget: number,
  uses: UseStore,
  effects: Pick<PipelineEffects, 'adapters' | 'blobs' | 'layouts'>,
): Promise<TrimReport> {
  const { adapters } = await uses.sums();
  const over = Math.min(MOST_EXPIRED, adapters - budget);
  let [trimmed, failed] = [0, 0];
  for (const id of over > 0 ? await uses.spare(over) : []) {
    try {
      const row = await effects.adapters.get(id);
      if (row !== undefined) {
        await removeAdapter(row, effects);
      }
      await uses.forget(id);
      trimmed++;
    } catch (error) {
      logLine('error', 'trimming failed', { adapter: id, error: forLog(error) });
      failed++;
    }
  }
  return { trimmed, failed, adapters: adapters - trimmed };
}

/** Removes adapters that nobody wants, some at a time; one that cannot be removed keeps no other. */
export async function expire(
  days: number,
  uses: UseStore,
  effects: Pick<PipelineEffects, 'adapters' | 'blobs' | 'layouts' | 'now'>,
): Promise<ExpiryReport> {
  const before = dayOf(Math.max(0, effects.now() - days * DAY_MS));
  let [expired, failed] = [0, 0];
  for (const id of await uses.unused(before, MOST_EXPIRED)) {
    try {
      const row = await effects.adapters.get(id);
      // Whoever asked for it since it was listed keeps it.
      if (await uses.expire(id, before)) {
        if (row !== undefined) {
          await removeAdapter(row, effects);
        }
        await uses.forget(id);
        expired++;
      }
    } catch (error) {
      logLine('error', 'expiry failed', { adapter: id, error: forLog(error) });
      failed++;
    }
  }
  return { expired, failed };
}
