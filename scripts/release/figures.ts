/**
 * The gate of a release: the figures that a bundle's manifest gives, against those of the version that is
 * active. Golden vectors say that the edge computes what training computed; they say nothing of whether
 * that is any good.
 *
 * Compared is exact match with the description's own adapter, in float32 (`matched`) and as the int8 graph
 * makes it, on every split that the active version was measured on. What it has and the new one lacks is
 * worse than any number.
 */
import * as z from 'zod';
import { T2lError } from '../../src/contract/errors.ts';
import type { HypernetVersion } from '../../src/sdk/index.ts';

/**
 * What exact match may lose: two points, and no more than a tenth of what it was. Training the same recipe
 * with another seed moves it by 0.7 points on unseen tasks and by 2.5 on the hardest split (docs/results.md,
 * "Seeds"), and a manifest gives means over seeds, so a larger loss is seldom luck. The tenth is for
 * networks that are right on few tasks: two points would be all that they have.
 */
const MAX_LOSS = 0.02;
const MAX_LOST_PART = 0.1;
/** Figures are written with six digits; a loss of exactly the tolerance is none too many. */
const ROUNDING = 1e-6;

/** What is compared: adapters of the task's own description. */
const CONDITIONS = ['matched', 'int8'] as const;

/** A figure of the active version and what the new one has in its place. */
export interface Comparison {
  readonly split: string;
  readonly condition: string;
  readonly before: number;
  /** undefined: it was not measured, or is no share of right answers. */
  readonly after: number | undefined;
  /** Whether it is within the tolerance. */
  readonly kept: boolean;
}

const splitSchema = z.object({
  conditions: z.record(z.string(), z.object({ exact_match: z.unknown() })),
});
const shareSchema = z.number().min(0).max(1);

/** Compares two `evaluation` members; one comparison for each figure that the active version has. */
export function compareFigures(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Comparison[] {
  return Object.keys(before)
    .sort()
    .flatMap((split) =>
      CONDITIONS.flatMap((condition) => {
        const was = exactMatch(before[split], condition);
        if (was === undefined) {
          return [];
        }
        const is = exactMatch(after[split], condition);
        const least = was - Math.min(MAX_LOSS, was * MAX_LOST_PART) - ROUNDING;
        return [
          { split, condition, before: was, after: is, kept: is !== undefined && is >= least },
        ];
      }),
    );
}

/**
 * Refuses a bundle that was measured worse than the active version; gives the line that says how they
 * compare.
 *
 * @param force gives that line, whatever it says
 */
export function requireFigures(
  bundle: { readonly version: string; readonly evaluation: Readonly<Record<string, unknown>> },
  active: Pick<HypernetVersion, 'version' | 'evaluation'>,
  force: boolean,
): string {
  const all = compareFigures(active.evaluation, bundle.evaluation);
  const worse = all.filter(({ kept }) => !kept);
  if (worse.length > 0 && !force) {
    throw new T2lError(
      'figures_regressed',
      `${bundle.version} was measured worse than ${active.version}, which is active: ${inWords(worse)}. ` +
        `Exact match may lose ${MAX_LOSS} and a tenth of itself at most; ` +
        'to release it all the same, say --force --reason "why".',
    );
  }
  const verdict =
    worse.length > 0 ? `worse than ${active.version}, forced` : `as good as ${active.version}`;
  return all.length === 0
    ? `figures: ${active.version} has none to compare with`
    : `figures: ${verdict}: ${inWords(all)}`;
}

/** Exact match with the description's own adapter, as a manifest's `evaluation` gives it for a split. */
export function matchedOf(
  evaluation: Readonly<Record<string, unknown>>,
  split: string,
): number | undefined {
  return exactMatch(evaluation[split], 'matched');
}

function exactMatch(split: unknown, condition: string): number | undefined {
  const { data } = splitSchema.safeParse(split);
  return shareSchema.safeParse(data?.conditions[condition]?.exact_match).data;
}

function inWords(comparisons: readonly Comparison[]): string {
  return comparisons
    .map(({ split, condition, before, after }) => {
      const now = after === undefined ? 'not measured' : after.toFixed(3);
      return `${split} ${condition} ${before.toFixed(3)} -> ${now}`;
    })
    .join(', ');
}
