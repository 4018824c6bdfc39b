/** How the catalog's entry of a hypernetwork and its manifests become a document. */
import type * as z from 'zod';
import type { Manifest } from '../bundle/manifest.ts';
import { needsOf } from '../bundle/needs.ts';
import type { hypernetSchema } from '../contract/documents/hypernet.ts';
import { outputOf } from '../output/kinds.ts';
import type { HypernetFamily, HypernetVersion } from '../store/families.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import type { ActivationRow, YankRow } from '../store/schema.ts';

/**
 * The document of a hypernetwork, given the manifest of each of its versions, its last activations, newest
 * first, and what came of its canary.
 */
export function hypernetDocument(
  family: HypernetFamily,
  manifests: ReadonlyMap<string, Manifest>,
  activations: readonly ActivationRow[],
  outcomes: readonly OutcomeCount[],
): z.output<typeof hypernetSchema> {
  return {
    name: family.name,
    active: family.activeDigest,
    previous: family.previousDigest,
    canary: family.canary && {
      ...family.canary,
      outcomes: outcomesOf(family.canary.digest, outcomes),
      active_outcomes: outcomesOf(family.activeDigest, outcomes),
    },
    versions: family.versions.flatMap((version) => {
      const manifest = manifests.get(version.digest);
      return manifest ? [versionDocument(version, manifest, family.yanks)] : [];
    }),
    activations: activations.map(({ at, fromDigest, toDigest, percent, reason }) => ({
      at: new Date(at).toISOString(),
      from: fromDigest,
      to: toDigest,
      percent,
      reason,
    })),
  };
}

function versionDocument(
  { version, digest, origin, registeredAt }: HypernetVersion,
  manifest: Manifest,
  yanks: readonly YankRow[],
): z.output<typeof hypernetSchema>['versions'][number] {
  const yank = yanks.find((one) => one.digest === digest);
  const { target, graphs, encoder, fit } = manifest;
  return {
    version,
    digest,
    origin,
    registered_at: registeredAt === null ? null : new Date(registeredAt).toISOString(),
    yanked: yank ? { at: new Date(yank.yankedAt).toISOString(), reason: yank.reason } : null,
    variant: manifest.variant,
    base_model: target.base_model,
    output: outputOf(target).kind,
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

function outcomesOf(
  wanted: string | null,
  outcomes: readonly OutcomeCount[],
): { made: number; failed: number } {
  const { made = 0, failed = 0 } = outcomes.find(({ digest }) => digest === wanted) ?? {};
  return { made, failed };
}
