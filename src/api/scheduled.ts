/**
 * What the Worker does by the clock (`[triggers]` in wrangler.toml), a bounded part each time: a slice of the
 * audit, with the sweep of files that no row has; eviction and trimming of what is over the budgets; and forgetting days
 * that are over. Each writes a line of counts to the log.
 */
import { decodeAuditPlace, encodeAuditPlace } from '../contract/audit-cursor.ts';
import { forLog, logLine } from '../contract/log.ts';
import type { Env } from '../env.ts';
import { AUDIT_START, auditSlice } from '../pipeline/audit.ts';
import { evict, expire, trim } from '../pipeline/evict.ts';
import { auditPlaceStore } from '../store/audit-place.ts';
import { quotaStore } from '../store/quotas.ts';
import { statStore } from '../store/stats.ts';
import { useStore } from '../store/uses.ts';
import { type Services, servicesOfClock } from './services.ts';

/** R2 gives 10 GB without a charge. */
const STORED_BYTES = 10_000_000_000;
/** A row takes some 5 kB, and D1 holds 10 GB. */
const STORED_ADAPTERS = 1_000_000;
const UNREAD_DAYS = 30;

/** Does all of it; what fails does not keep the rest from being done, and fails the run at its end. */
export async function keepHouse(env: Env): Promise<void> {
  const services = servicesOfClock(env);
  const jobs: Readonly<Record<string, () => Promise<object>>> = {
    audit: () => auditNext(env, services),
    evict: () => evict(budgetOf(env).bytes, useStore(env.DB), services),
    trim: () => trim(budgetOf(env).adapters, useStore(env.DB), services),
    expire: () => expire(budgetOf(env).unreadDays, useStore(env.DB), services),
    forget: async () => ({
      quotas: await quotaStore(env.DB).forgetOld(services.now()),
      stats: await statStore(env.DB).forgetOld(services.now()),
    }),
  };
  const failed: string[] = [];
  for (const [job, work] of Object.entries(jobs)) {
    try {
      logLine('log', 'job done', { job, ...(await work()) });
    } catch (error) {
      logLine('error', 'job failed', { job, error: forLog(error) });
      failed.push(job);
    }
  }
  if (failed.length > 0) {
    throw new Error(`not done: ${failed.join(', ')}`);
  }
}

/** Audits the next slice and notes where the one after it begins; at the end the audit begins anew. */
async function auditNext(env: Env, services: Services): Promise<object> {
  const place = auditPlaceStore(env.ADAPTERS);
  const begin = decodeAuditPlace((await place.get()) ?? '') ?? AUDIT_START;
  const { report, next } = await auditSlice(begin, services);
  await place.set(encodeAuditPlace(next ?? AUDIT_START));
  if (report.failed.length > 0) {
    // What could not be healed stands out in the log.
    logLine('error', 'not healed', { failed: report.failed });
  }
  return { place: encodeAuditPlace(begin), ...report };
}

/** What is kept: bytes in R2, adapters in D1, and days of what nobody wants. */
export interface Budget {
  readonly bytes: number;
  readonly adapters: number;
  readonly unreadDays: number;
}

/** What is configured; what is no number removes nothing. */
export function budgetOf({
  STORED_BYTES: bytes,
  STORED_ADAPTERS: adapters,
  UNREAD_DAYS: days,
}: Pick<Env, 'STORED_BYTES' | 'STORED_ADAPTERS' | 'UNREAD_DAYS'>): Budget {
  return {
    bytes: numberOf(bytes, STORED_BYTES),
    adapters: numberOf(adapters, STORED_ADAPTERS),
    unreadDays: numberOf(days, UNREAD_DAYS),
  };
}

function numberOf(configured: string | undefined, otherwise: number): number {
  const text = configured?.trim() ?? '';
  return text === '' ? otherwise : /^\d+$/.test(text) ? Number(text) : Number.MAX_SAFE_INTEGER;
}
