/**
 * The audit: reads what is stored, hashes it here, and heals what can be made again.
 *
 *   adapters   every stored file of every row; a damaged one is made again from its row. One that is
 *              absent was evicted, which is no damage.
 *   orphans    files without a row: they were written and the row was not, as after a crash. They are
 *              removed, but for young ones, whose row may be on its way.
 *   bundles    every file of every version, built-in and registered. Nobody can make one again: it is
 *              reported, and whoever has the bundle puts it back.
 *
 * It goes in slices, so that a request or a scheduled run does a bounded part of it and says where the
 * next one begins. Rows are walked as the list shows them, newest first: what is made meanwhile comes
 * before the place, and is the next round's.
 */
import { checkBundle } from '../bundle/bundle.ts';
import type { AuditPlace } from '../contract/audit-cursor.ts';
import type { ListPosition } from '../contract/cursor.ts';
import { T2lError } from '../contract/errors.ts';
import { dayOf } from '../store/quotas.ts';
import type { AdapterRow } from '../store/schema.ts';
import { recordedFiles } from './card-file.ts';
import type { PipelineEffects } from './effects.ts';
import { readChecked } from './stored-files.ts';

/** Rows of one slice: some 100 objects of R2, which a scheduled run of 30 s of computing hashes easily. */
export const AUDITED_ADAPTERS = 50;

/** Files without a row are left alone for so long: a generation is over within minutes. */
const ORPHAN_MS = 3_600_000;

/** Where an audit begins. */
export const AUDIT_START: AuditPlace = { part: 'adapters' };

/** Something that is damaged and could not be healed. */
export interface AuditFailure {
  /** `adapters/<id>/<file>`, or `<name>@<version>` of a hypernetwork. */
  readonly what: string;
  readonly why: string;
}

/** What a slice, or a whole audit, found. */
export interface AuditReport {
  readonly adapters: number;
  /** Files of adapters that were there and hashed. */
  readonly files: number;
  readonly evicted: number;
  readonly damaged: number;
  readonly healed: number;
  /** Files that no row has, and that are removed. */
  readonly orphans: number;
  readonly bundles: number;
  readonly bundle_files: number;
  readonly failed: readonly AuditFailure[];
}

/** The report of nothing. */
export const NOTHING_AUDITED: AuditReport = {
  adapters: 0,
  files: 0,
  evicted: 0,
  damaged: 0,
  healed: 0,
  orphans: 0,
  bundles: 0,
  bundle_files: 0,
  failed: [],
};

/** One slice: some adapters, or one bundle; `next` is undefined at the end of the audit. */
export async function auditSlice(
  place: AuditPlace,
  effects: PipelineEffects,
): Promise<{ report: AuditReport; next: AuditPlace | undefined }> {
  switch (place.part) {
    case 'adapters':
      return auditAdapters(place.after, effects);
    case 'orphans':
      return sweepOrphans(place.after, effects);
    case 'bundles':
      return auditBundle(place.after, effects);
  }
}

/** Two reports as one. */
export function addReports(one: AuditReport, other: AuditReport): AuditReport {
  return {
    adapters: one.adapters + other.adapters,
    files: one.files + other.files,
    evicted: one.evicted + other.evicted,
    damaged: one.damaged + other.damaged,
    healed: one.healed + other.healed,
    orphans: one.orphans + other.orphans,
    bundles: one.bundles + other.bundles,
    bundle_files: one.bundle_files + other.bundle_files,
    failed: [...one.failed, ...other.failed],
  };
}

async function auditAdapters(after: ListPosition | undefined, effects: PipelineEffects) {
  const { rows, next } = await effects.adapters.list({
    listing: 'all',
    limit: AUDITED_ADAPTERS,
    after,
  });
  let report = NOTHING_AUDITED;
  for (const row of rows) {
    report = addReports(report, await auditAdapter(row, effects));
  }
  const following: AuditPlace =
    next === undefined ? { part: 'orphans' } : { part: 'adapters', after: next };
  return { report, next: following };
}

async function auditAdapter(row: AdapterRow, effects: PipelineEffects): Promise<AuditReport> {
  const counts = { files: 0, evicted: 0, damaged: 0, healed: 0 };
  const failed: AuditFailure[] = [];
  let bytes = 0;
  for (const file of recordedFiles(row)) {
    const stored = await effects.blobs.read(row.id, file);
    if (stored === 'absent') {
      counts.evicted++;
      continue;
    }
    counts.files++;
    bytes += file.bytes;
    if (stored === 'damaged') {
      counts.damaged++;
      try {
        await readChecked(row, file, effects);
        counts.healed++;
      } catch (error) {
        failed.push({ what: `adapters/${row.id}/${file.name}`, why: reasonOf(error) });
      }
    }
  }
  await effects.uses?.found(row.id, bytes, dayOf(effects.now()));
  return { ...NOTHING_AUDITED, ...counts, adapters: 1, failed };
}

async function sweepOrphans(after: string | undefined, effects: PipelineEffects) {
  const { adapters, blobs, layouts, now } = effects;
  const { files, next } = await blobs.list(after);
  const ids = [...new Set(files.map(({ id }) => id))];
  const rows = await adapters.existing(ids);
  let orphans = 0;
  for (const id of ids.filter((one) => !rows.has(one))) {
    const own = files.filter((file) => file.id === id);
    if (own.every(({ at }) => at < now() - ORPHAN_MS)) {
      await layouts.remove(id);
      await effects.uses?.forget(id);
      await blobs.remove(
        id,
        own.map(({ name }) => name),
      );
      orphans += own.length;
    }
  }
  const following: AuditPlace =
    next === undefined ? { part: 'bundles' } : { part: 'orphans', after: next };
  return { report: { ...NOTHING_AUDITED, orphans }, next: following };
}

async function auditBundle(after: string | undefined, { catalog }: PipelineEffects) {
  const families = await catalog.families();
  const versions = families
    .flatMap((family) => family.versions)
    .filter(({ digest }) => after === undefined || digest > after)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const [version, ...others] = versions;
  if (version === undefined) {
    return { report: NOTHING_AUDITED, next: undefined };
  }
  const next: AuditPlace | undefined =
    others.length === 0 ? undefined : { part: 'bundles', after: version.digest };
  const report = { ...NOTHING_AUDITED, bundles: 1 };
  try {
    const files = await checkBundle(await catalog.openAnew(version));
    return { report: { ...report, bundle_files: files }, next };
  } catch (error) {
    const failure = { what: `${version.name}@${version.version}`, why: reasonOf(error) };
    return { report: { ...report, failed: [failure] }, next };
  }
}

/** What a failure says; a defect of the code, or a store that is away, is no finding. */
function reasonOf(error: unknown): string {
  if (!(error instanceof T2lError) || error.code === 'store_unavailable') {
    throw error;
  }
  return error.message;
}
