/**
 * The JSON documents of the API: their schemas and how rows and manifests become them. The SDK parses
 * answers with these schemas, and must not carry a generator of OpenAPI documents: so they are plain
 * zod, annotated by `.meta()`, and get their names there by `component()`.
 */
import * as z from 'zod';
import type { Format, Formats } from '../adapter/layouts.ts';
import { repositoryOf } from '../hub/names.ts';
import type { Manifest } from '../hypernet/manifest.ts';
import { needsOf } from '../hypernet/needs.ts';
import type { HypernetFamily, HypernetVersion } from '../store/catalog.ts';
import type { AdapterRow } from '../store/schema.ts';
import { component } from './component.ts';

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();

/** One adapter. */
export const adapterSchema = component(
  'Adapter',
  z.object({
    id: hex64,
    repository: z.string().meta({
      description: 'Its repository in the protocol of the Hugging Face Hub: `t2l/<id>`.',
    }),
    description: z.string().nullable().meta({ description: 'null: made from an embedding.' }),
    hypernet: z.object({ name: z.string(), version: z.string(), digest: hex64 }),
    base_model: z.string(),
    rank: z.int(),
    alpha: z.int().meta({ description: 'Equal to the rank: the scale is folded into B.' }),
    target_modules: z.array(z.string()),
    dtype: z.string(),
    precision: z.string(),
    strength: z.number(),
    parameters: z.int(),
    files: z.record(z.string(), z.object({ url: z.url(), bytes: z.int(), sha256: hex64 })),
    formats: z.record(z.string(), z.record(z.string(), z.url())).meta({
      description:
        'Other layouts, made on demand, and the URLs of their files: `gguf`, `workers-ai`, `mlx`. One that the base model cannot have is left out.',
    }),
    cached: z.boolean().meta({ description: 'Whether the adapter existed before the request.' }),
    fit: z.object({
      score: z.number().nullable().meta({
        description:
          'Expected exact match, 0 to 1; the highest cosine to a training task if the bundle was not calibrated; null if it does not say what it was trained on.',
      }),
      verdict: z.enum(['good', 'uncertain', 'unfit', 'unknown']),
      nearest: z.array(z.object({ task: z.string(), similarity: z.number() })),
    }),
    norms: z
      .record(z.string(), z.array(z.number()))
      .meta({ description: 'Per module, the Frobenius norm of the update of each layer.' }),
    timings_ms: z
      .record(z.string(), z.number())
      .meta({ description: 'Of the making of the adapter.' }),
    created_at: instant,
  }),
);

/** A page of adapters. */
export const adapterPageSchema = component(
  'AdapterPage',
  z.object({
    adapters: z.array(adapterSchema),
    next_cursor: z.string().nullable().meta({ description: 'null: this is the last page.' }),
  }),
);

const precisionNeedsSchema = component(
  'PrecisionNeeds',
  z
    .object({
      whole: z.boolean().meta({
        description: 'Whether the network is one graph; if not, its heads are streamed in chunks.',
      }),
      graph_bytes: z.int(),
      largest_part_bytes: z
        .int()
        .meta({ description: 'The largest file that must be in memory at once.' }),
      memory_bytes: z.int().meta({
        description:
          'Estimated peak memory of an isolate while it makes an adapter; Cloudflare gives 128 MB.',
      }),
      plan: z.enum(['free', 'paid']).meta({
        description:
          'Least plan of Cloudflare Workers: the free one allows 10 ms of computing a request and a script of 3 MB.',
      }),
    })
    .meta({
      example: {
        whole: true,
        graph_bytes: 2840000,
        largest_part_bytes: 2840000,
        memory_bytes: 60600000,
        plan: 'paid',
      },
    }),
);

const encoderSchema = z.object({ kind: z.string(), model: z.string(), dim: z.int() });

const hypernetVersionSchema = component(
  'HypernetVersion',
  z.object({
    version: z.string(),
    digest: hex64,
    origin: z.enum(['built-in', 'registered']),
    registered_at: instant.nullable(),
    variant: z.string(),
    base_model: z.object({
      id: z.string(),
      revision: z.string(),
      architecture: z.string(),
      license: z.string(),
    }),
    rank: z.int(),
    layers: z.int(),
    target_modules: z.array(z.string()),
    precision: z.string().meta({ description: 'Used when a request names none.' }),
    precisions: z.array(z.string()),
    encoder: encoderSchema,
    needs: z
      .object({
        encoder: encoderSchema.meta({
          description: 'What turns descriptions into embeddings; `given`: the caller must.',
        }),
        precisions: z
          .object({ float32: precisionNeedsSchema, int8: precisionNeedsSchema })
          .partial(),
      })
      .meta({ description: 'What running it takes.' }),
    evaluation: z.record(z.string(), z.unknown()).meta({
      description: 'Exact match with controls and baselines, as measured in training.',
    }),
    training: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What made it: seeds, digest of the configuration, commit.' }),
  }),
);

/** A hypernetwork with its versions. */
export const hypernetSchema = component(
  'Hypernet',
  z.object({
    name: z.string(),
    active: hex64.nullable().meta({ description: 'Digest of the version that answers.' }),
    previous: hex64.nullable().meta({ description: 'Digest that a rollback goes back to.' }),
    versions: z.array(hypernetVersionSchema),
  }),
);

export const hypernetListSchema = component(
  'HypernetList',
  z.object({ default: z.string(), hypernets: z.array(hypernetSchema) }),
);

/** The answer of an endpoint that can work. */
export const healthSchema = component(
  'Health',
  z.object({
    status: z.literal('ok'),
    hypernet: z.object({ name: z.string(), version: z.string(), digest: z.string() }),
  }),
);

/**
 * The document of a row.
 *
 * @param origin of the request, for the URLs of the files
 * @param formats what else the adapter can be had as (`layout-file.ts`)
 */
export function adapterDocument(
  row: AdapterRow,
  origin: string,
  cached: boolean,
  formats: Formats = new Map(),
): z.output<typeof adapterSchema> {
  return {
    id: row.id,
    repository: repositoryOf(row.id),
    description: row.description,
    hypernet: {
      name: row.hypernetName,
      version: row.hypernetVersion,
      digest: row.hypernetDigest,
    },
    base_model: row.baseModel,
    rank: row.rank,
    alpha: row.rank,
    target_modules: [...row.targetModules],
    dtype: row.dtype,
    precision: row.precision,
    strength: row.strength,
    parameters: row.parameters,
    files: Object.fromEntries(
      row.files.map(({ name, bytes, sha256 }) => [
        name,
        { url: `${origin}/v1/adapters/${row.id}/${name}`, bytes, sha256 },
      ]),
    ),
    formats: Object.fromEntries(
      [...formats].map(([format, names]) => [format, formatUrls(row.id, origin, format, names)]),
    ),
    cached,
    fit: { ...row.fit, nearest: row.fit.nearest.map((task) => ({ ...task })) },
    norms: row.norms,
    timings_ms: row.timings,
    created_at: new Date(row.createdAt).toISOString(),
  };
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

/** The document of a hypernetwork, given the manifest of each of its versions. */
export function hypernetDocument(
  family: HypernetFamily,
  manifests: ReadonlyMap<string, Manifest>,
): z.output<typeof hypernetSchema> {
  return {
    name: family.name,
    active: family.activeDigest,
    previous: family.previousDigest,
    versions: family.versions.flatMap((version) => {
      const manifest = manifests.get(version.digest);
      return manifest ? [versionDocument(version, manifest)] : [];
    }),
  };
}

function versionDocument(
  { version, digest, origin, registeredAt }: HypernetVersion,
  manifest: Manifest,
): z.output<typeof hypernetVersionSchema> {
  const { target, graphs, encoder } = manifest;
  return {
    version,
    digest,
    origin,
    registered_at: registeredAt === null ? null : new Date(registeredAt).toISOString(),
    variant: manifest.variant,
    base_model: target.base_model,
    rank: target.rank,
    layers: target.layers,
    target_modules: target.modules.map(({ name }) => name),
    precision: manifest.precision,
    precisions: Object.keys(graphs),
    encoder: { kind: encoder.kind, model: encoder.model, dim: encoder.dim },
    needs: needsOf(manifest),
    evaluation: manifest.evaluation,
    training: manifest.training,
  };
}
