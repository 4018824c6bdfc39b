/**
 * From an id to a repository. In our namespace a name is an adapter id in either case, or the beginning of one, and
 * if no adapter has it a hypernetwork; a hypernetwork may call itself `deadbeef0000`, but the adapter
 * of that id wins. Any other id may be the one of a base model that is served here.
 */
import { T2lError } from '../errors.ts';
import { MIN_ID_PREFIX } from '../limits.ts';
import type { AdapterRow } from '../store/schema.ts';
import { adapterRepository } from './adapter-repository.ts';
import { baseModelRepository } from './base-model-repository.ts';
import { bundleRepository } from './bundle-repository.ts';
import type { HubEffects } from './effects.ts';
import { NAMESPACE } from './names.ts';
import type { Repository } from './repository.ts';

const WHOLE_ID = /^[0-9a-f]{64}$/;
const ID_PREFIX = new RegExp(`^[0-9a-f]{${MIN_ID_PREFIX},64}$`);

/** The repository with this id, if it is one of ours. */
export async function findRepository(
  owner: string,
  name: string,
  effects: HubEffects,
): Promise<Repository | undefined> {
  if (owner !== NAMESPACE) {
    return baseModelRepository(`${owner}/${name}`, effects);
  }
  const row = await findAdapterRow(name.toLowerCase(), effects);
  if (row !== undefined) {
    return adapterRepository(row, WHOLE_ID.test(name), effects);
  }
  const family = await effects.catalog.family(name);
  return family && bundleRepository(family, effects);
}

/** The adapter that an id or a unique prefix of one names, if there is one. */
async function findAdapterRow(
  name: string,
  { adapters }: Pick<HubEffects, 'adapters'>,
): Promise<AdapterRow | undefined> {
  if (!ID_PREFIX.test(name)) {
    return undefined;
  }
  const rows = await adapters.findByPrefix(name);
  if (rows.length > 1) {
    throw new T2lError(
      'repository_unknown',
      404,
      `Several adapter ids begin with ${name}; send more digits.`,
    );
  }
  return rows[0];
}
