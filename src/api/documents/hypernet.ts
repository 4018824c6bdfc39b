/**
 * The document of a hypernetwork with its versions: their schemas, and how the catalog's entry and the
 * manifests become a document.
 */
import * as z from 'zod';
import type { Manifest } from '../../hypernet/manifest.ts';
import { needsOf } from '../../hypernet/needs.ts';
import type { HypernetFamily, HypernetVersion } from '../../store/families.ts';
import { component } from '../component.ts';
import { hex64, instant } from './values.ts';

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
