/**
 * Making evicted or damaged adapter files again, outside of the requests that want them. Clients of the Hub give
 * up on a file after ten seconds, so a request never generates: it starts the work, answers 503, and
 * the client's retry finds the bytes. One adapter at a time in an isolate, whose memory holds one
 * network; a request for another adapter starts its work when it comes back.
 */
import { T2lError } from '../contract/errors.ts';
import { forLog, logLine } from '../contract/log.ts';
import { readChecked } from '../pipeline/stored-files.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import type { HubEffects } from './repository.ts';

/** Work that has not ended by then was cut off with its request and must not block others. */
const ABANDONED_AFTER_MS = 60_000;
const RETRY_AFTER_SECONDS = 2;

/** State of this isolate: what is being made, and why the last attempt that failed did. */
let underWay: { readonly id: string; readonly since: number } | undefined;
let failed: { readonly id: string; readonly error: T2lError } | undefined;

/** Starts making the files of an adapter again, unless the isolate is at it or at another one. */
export function startRemaking(row: AdapterRow, file: StoredFile, effects: HubEffects): void {
  const now = effects.now();
  if (underWay !== undefined && now - underWay.since < ABANDONED_AFTER_MS) {
    return;
  }
  const mine = { id: row.id, since: now };
  underWay = mine;
  effects.waitUntil(
    remake(row, file, effects).finally(() => {
      underWay = underWay === mine ? undefined : underWay;
    }),
  );
}

/** The answer to a request for bytes that are being made again, or cannot be. */
export function remakingError({ id }: Pick<AdapterRow, 'id'>): T2lError {
  if (failed?.id === id) {
    const { error } = failed;
    // Once: whatever was in the way may be gone, and the next request tries again.
    failed = undefined;
    return error;
  }
  return new T2lError(
    'adapter_remaking',
    `The files of adapter ${id} are being made again; retry in ${RETRY_AFTER_SECONDS} seconds.`,
    { extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } } },
  );
}

async function remake(row: AdapterRow, file: StoredFile, effects: HubEffects): Promise<void> {
  try {
    // Reading makes what is missing or damaged and stores it.
    await readChecked(row, file, effects);
  } catch (error) {
    logLine('error', 'remaking failed', { adapter: row.id, error: forLog(error) });
    if (error instanceof T2lError) {
      failed = { id: row.id, error };
    }
  }
}
