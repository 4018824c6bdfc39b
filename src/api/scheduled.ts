/** What the Worker does by the clock (`[triggers]` in wrangler.toml): a slice of the audit each time. */
import { decodeAuditPlace, encodeAuditPlace } from '../contract/audit-cursor.ts';
import type { Env } from '../env.ts';
import { AUDIT_START, type AuditReport, auditSlice } from '../pipeline/audit.ts';
import { auditPlaceStore } from '../store/audit-place.ts';
import { servicesOf } from './services.ts';
import { Timings } from './timing.ts';

/** Audits the next slice and notes where the one after it begins; at the end the audit begins anew. */
export async function auditOnSchedule(env: Env): Promise<AuditReport> {
  const place = auditPlaceStore(env.ADAPTERS);
  const begin = decodeAuditPlace((await place.get()) ?? '') ?? AUDIT_START;
  const { report, next } = await auditSlice(begin, servicesOf(env, new Timings(), undefined));
  await place.set(encodeAuditPlace(next ?? AUDIT_START));
  // For the log: what could not be healed stands out there.
  const line = JSON.stringify({ audit: encodeAuditPlace(begin), ...report });
  (report.failed.length > 0 ? console.error : console.log)(line);
  return report;
}
