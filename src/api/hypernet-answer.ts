/** What the calls about hypernetworks have in common: a name in the path, the document, the effects. */

import type { Context } from 'hono';
import { hypernetSchema } from '../contract/documents/hypernet.ts';
import { T2lError } from '../contract/errors.ts';
import { SHOWN_ACTIVATIONS } from '../contract/limits.ts';
import { NAME } from '../contract/requests/names.ts';
import { hypernetDocument } from '../pipeline/hypernet-document.ts';
import { openIfWhole } from '../pipeline/makers.ts';
import type { RegistryEffects } from '../pipeline/register.ts';
import type { HypernetFamily } from '../store/families.ts';
import * as z from './described.ts';
import type { AppEnv } from './route.ts';
import type { Services } from './services.ts';

/** The name of a hypernetwork in a path. */
export const NAME_PARAMETER = z.object({
  name: z
    .string()
    .openapi({ param: { name: 'name', in: 'path' }, pattern: NAME.source, example: 't2l-mini' }),
});

/** An answer that is the document of a hypernetwork. */
export const hypernetContent = { 'application/json': { schema: hypernetSchema } };

/** The effects of administration. */
export function registryOf(c: Context<AppEnv>): RegistryEffects {
  return { ...c.get('services'), bucket: c.env.HYPERNETS, trustedKeys: c.env.TRUSTED_KEYS };
}

/** The document of the hypernetwork with a name. */
export async function documentOf(services: Services, name: string): Promise<object> {
  const family = await services.catalog.family(name);
  if (family === undefined) {
    throw new T2lError(
      'hypernet_unknown',
      `There is no hypernetwork ${name}; GET /v1/hypernets lists them.`,
    );
  }
  return document(services, family);
}

/** The document of a hypernetwork. */
export async function document(
  { catalog, hypernets }: Services,
  family: HypernetFamily,
): Promise<object> {
  const [activations, outcomes, ...bundles] = await Promise.all([
    hypernets.activations(family.name, SHOWN_ACTIVATIONS),
    family.canary === null ? [] : hypernets.outcomes(family.name),
    // A version that cannot be read must not hide the others, nor keep anyone from activating one.
    ...family.versions.map((version) => openIfWhole(version, catalog)),
  ]);
  return hypernetDocument(
    family,
    new Map(bundles.flatMap((bundle) => (bundle ? [[bundle.digest, bundle.manifest]] : []))),
    activations,
    outcomes,
  );
}
