/**
 * What a list of models is narrowed to. The store knows a row's base model, hypernetwork and kind; the license
 * and the number of parameters follow from the bundle that made it, so they become the digests of the
 * bundles that have them. A wish that no adapter can fulfil (a tag that none has, gated access, an
 * inference provider) is known at once: the list is empty and no row is read.
 */
import type * as z from 'zod';
import { COMMON_TAGS, LIBRARY, PIPELINE } from '../../adapter/card/front-matter.ts';
import type { Target } from '../../bundle/manifest.ts';
import { T2lError } from '../../contract/errors.ts';
import { OUTPUT_KINDS, type OutputKind } from '../../contract/output-kinds.ts';
import { parametersOf } from '../../output/kinds.ts';
import type { ListQuery } from '../../store/adapters.ts';
import type { Catalog } from '../../store/catalog.ts';
import type { AdapterRow } from '../../store/schema.ts';
import type { listQuerySchema } from './parameters.ts';

/** The wishes of a list that narrow it, but for the search. */
type Wishes = Pick<
  z.output<typeof listQuerySchema>,
  'filter' | 'gated' | 'apps' | 'inference' | 'inference_provider' | 'num_parameters'
>;

/** What the store is asked for. */
export type Narrowing = Pick<ListQuery, 'baseModel' | 'hypernet' | 'output' | 'digests'>;

/** What tags say of an adapter. */
interface Tagged {
  baseModel?: string;
  hypernet?: string;
  license?: string;
  output?: OutputKind;
}

/** Tags that every adapter has. */
const EVERYWHERE: ReadonlySet<string> = new Set([...COMMON_TAGS, LIBRARY, PIPELINE]);

/** What the wishes narrow a list to; undefined if no adapter fulfils them all. */
export async function narrowing(
  wishes: Wishes,
  catalog: Pick<Catalog, 'families' | 'open'>,
): Promise<Narrowing | undefined> {
  const { gated, apps, inference, inference_provider: providers, num_parameters: size } = wishes;
  // Nothing is gated here, nobody runs it for others, and no app takes an adapter without its model.
  if (gated || apps.length > 0 || inference !== undefined || providers.length > 0) {
    return undefined;
  }
  const tags = narrowingOf(wishes.filter);
  if (tags === undefined) {
    return undefined;
  }
  const { license, ...narrow } = tags;
  if (license === undefined && size === undefined) {
    return narrow;
  }
  const digests = await digestsOf(
    catalog,
    (target) =>
      (license ?? target.base_model.license) === target.base_model.license &&
      (size === undefined || within(parametersOf(target), size)),
  );
  return digests.length === 0 ? undefined : { ...narrow, digests };
}

/** Whether a row is one of those that a list is narrowed to. */
export function isWithin(
  row: AdapterRow,
  { baseModel, hypernet, output, digests }: Narrowing,
): boolean {
  return (
    (baseModel ?? row.baseModel) === row.baseModel &&
    (hypernet ?? row.hypernetName) === row.hypernetName &&
    (output ?? row.output) === row.output &&
    (digests?.includes(row.hypernetDigest) ?? true)
  );
}

/** What the tags narrow the list to; undefined if no adapter has them all. */
function narrowingOf(tags: readonly string[]): Tagged | undefined {
  const found: Tagged = {};
  for (const tag of tags) {
    const kind = OUTPUT_KINDS.find((one) => one === tag);
    if (kind !== undefined && (found.output ?? kind) === kind) {
      found.output = kind;
      continue;
    }
    const [, subject = '', value] =
      /^(base_model|hypernetwork|t2l|license):(?:(?<=^base_model:)adapter:)?(.+)$/s.exec(tag) ?? [];
    const key = SUBJECTS[subject];
    if (key !== undefined && value !== undefined && (found[key] ?? value) === value) {
      found[key] = value;
    } else if (!EVERYWHERE.has(tag)) {
      return undefined;
    }
  }
  return found;
}

const SUBJECTS: Readonly<Record<string, 'baseModel' | 'hypernet' | 'license'>> = {
  base_model: 'baseModel',
  hypernetwork: 'hypernet',
  t2l: 'hypernet',
  license: 'license',
};

/** The bundles whose target is as wanted; a broken one is none of them. */
async function digestsOf(
  catalog: Pick<Catalog, 'families' | 'open'>,
  wanted: (target: Target) => boolean,
): Promise<string[]> {
  const digests: string[] = [];
  for (const version of (await catalog.families()).flatMap(({ versions }) => versions)) {
    const bundle = await catalog.open(version).catch((error: unknown) => {
      if (!(error instanceof T2lError)) {
        throw error;
      }
    });
    if (bundle !== undefined && wanted(bundle.manifest.target)) {
      digests.push(version.digest);
    }
  }
  return digests;
}

function within(value: number, { min, max }: { min: number; max: number }): boolean {
  return value >= min && value <= max;
}
