/**
 * `npm run audit`: hashes everything that is stored, heals what can be made again, says what it found.
 * The report is one JSON document on stdout. What could not be healed makes exit code 1.
 */
import type * as z from 'zod';
import { auditSchema } from '../src/contract/documents/audit.ts';
import { localCatalog } from '../src/local/catalog.ts';
import { localEffects } from '../src/local/pipeline.ts';
import { defaultDataFolder } from '../src/local/places.ts';
import {
  AUDIT_START,
  type AuditReport,
  addReports,
  auditSlice,
  NOTHING_AUDITED,
} from '../src/pipeline/audit.ts';
import { documentOf } from '../src/sdk/answer.ts';
import { createTransport } from '../src/sdk/transport.ts';
import { progress, Refusal, readArguments, runCommand, WrongUsage } from './command.ts';

const USAGE = `Hash everything that is stored, heal what can be made again, and print what was found.

  npm run audit -- [options]

  --data DIR        the data folder of t2l (default: the platform's)
  --hypernets DIR   bundles beside those that ship
  --endpoint URL    an endpoint instead, with its ADMIN_TOKEN in T2L_TOKEN
  --help            print this

Exit codes: 0 all is well, 1 something could not be healed, 2 wrong usage.`;

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values } = readArguments({
    options: {
      data: { type: 'string' },
      hypernets: { type: 'string' },
      endpoint: { type: 'string' },
    },
  });
  const { endpoint, data, hypernets } = values;
  if (endpoint !== undefined && (data ?? hypernets) !== undefined) {
    throw new WrongUsage(
      '--endpoint audits an endpoint, --data and --hypernets folders: not both.',
    );
  }
  const report =
    endpoint === undefined
      ? await auditFolder(data ?? defaultDataFolder(), hypernets)
      : await auditEndpoint(endpoint);
  console.log(JSON.stringify(report, null, 2));
  if (report.failed.length > 0) {
    throw new Refusal(`${report.failed.length} could not be healed.`);
  }
}

async function auditFolder(data: string, hypernets: string | undefined): Promise<AuditReport> {
  const effects = localEffects(await localCatalog(hypernets), { data, hypernets });
  let report = NOTHING_AUDITED;
  let place: typeof AUDIT_START | undefined = AUDIT_START;
  while (place !== undefined) {
    const slice = await auditSlice(place, effects);
    report = addReports(report, slice.report);
    place = slice.next;
  }
  return report;
}

async function auditEndpoint(endpoint: string): Promise<AuditReport> {
  const transport = createTransport({ endpoint, token: process.env.T2L_TOKEN });
  let report = NOTHING_AUDITED;
  let path: string | undefined = '/v1/audit';
  while (path !== undefined) {
    // A slice that is audited twice finds the second time what the first time left.
    const answer = await transport({ method: 'POST', path, repeatable: true, signal: undefined });
    const { next_cursor, ...slice }: z.output<typeof auditSchema> = documentOf(
      auditSchema,
      answer,
      `POST ${path}`,
    );
    report = addReports(report, slice);
    progress(`${report.adapters} adapters, ${report.bundles} bundles`);
    path = next_cursor === null ? undefined : `/v1/audit?cursor=${next_cursor}`;
  }
  return report;
}
