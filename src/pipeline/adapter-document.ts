/** How the row of an adapter becomes its document. */
import type * as z from 'zod';
import { CARD_FILE } from '../adapter/card.ts';
import type { Format } from '../adapter/layouts.ts';
import type { adapterSchema } from '../contract/documents/adapter.ts';
import { repositoryOf } from '../contract/repository-names.ts';
import type { AdapterRow } from '../store/schema.ts';
import { recordedFiles } from './card-file.ts';
import type { MadeFiles } from './layout-target.ts';
import { warningsOf } from './warnings.ts';

type DocumentedFit = z.output<typeof adapterSchema>['fit'];

/**
 * The document of a row.
 *
 * @param origin of the request, for the URLs of the files
 * @param made what can be made of it on demand; undefined: nothing, as the bundle that made it is gone
 */
export function adapterDocument(
  row: AdapterRow,
  origin: string,
  cached: boolean,
  made: MadeFiles | undefined,
): z.output<typeof adapterSchema> {
  return {
    id: row.id,
    repository: repositoryOf(row.id),
    base_model: row.baseModel,
    fit: documentedFit(row.fit),
    description: row.description,
    hypernet: {
      name: row.hypernetName,
      version: row.hypernetVersion,
      digest: row.hypernetDigest,
    },
    output: row.output,
    rank: row.rank,
    alpha: row.rank,
    target_modules: [...row.targetModules],
    dtype: row.dtype,
    precision: row.precision,
    strength: row.strength,
    parameters: row.parameters,
    files: Object.fromEntries(
      recordedFiles(row).map(({ name, bytes, sha256 }) => [
        name,
        { url: `${origin}/v1/adapters/${row.id}/${name}`, bytes, sha256 },
      ]),
    ),
    formats: Object.fromEntries(
      [...(made?.formats ?? [])].map(([format, names]) => [
        format,
        formatUrls(row.id, origin, format, names),
      ]),
    ),
    ...(made?.card && { card: `${origin}/v1/adapters/${row.id}/${CARD_FILE}` }),
    cached,
    unlisted: row.unlisted,
    norms: row.norms,
    warnings: warningsOf(row, made?.manifest),
    timings_ms: row.timings,
    created_at: new Date(row.createdAt).toISOString(),
  };
}

function documentedFit({ score, verdict, reason, nearest }: AdapterRow['fit']): DocumentedFit {
  return { score, verdict, reason, nearest: nearest.map((task) => ({ ...task })) };
}

function formatUrls(
  id: string,
  origin: string,
  format: Format,
  names: readonly string[],
): Record<string, string> {
  const query = format === 'gguf' ? '' : `?layout=${format}`; // GGUF is a file name of its own
  return Object.fromEntries(
    names.map((name) => [name, `${origin}/v1/adapters/${id}/${name}${query}`]),
  );
}
