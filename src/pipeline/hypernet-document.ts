/** How the catalog's entry of a hypernetwork and its manifests become a document. */
import type * as z from 'zod';
import type { Manifest } from '../bundle/manifest.ts';
import { needsOf } from '../bundle/needs.ts';
import type { hypernetSchema } from '../contract/documents/hypernet.ts';
import type { HypernetFamily, HypernetVersion } from '../store/families.ts';

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
): z.output<typeof hypernetSchema>['versions'][number] {
  const { target, graphs, encoder, fit } = manifest;
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
    ...(fit && {
      fit: { tasks: fit.tasks.length, ...(fit.sizes !== undefined && { sizes: fit.sizes }) },
    }),
    evaluation: manifest.evaluation,
    training: manifest.training,
  };
}
