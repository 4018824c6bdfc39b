/**
 * From an id to a repository. In our namespace a name is an adapter id in either case, or the beginning of one, and
 * if no adapter has it a hypernetwork; a hypernetwork may call itself `deadbeef0000`, but the adapter
 * of that id wins. Any other id may be the one of a base model that is served here.
 */
import { T2lError } from '../contract/errors.ts';
import { isHex64 } from '../contract/hex.ts';
import { NAMESPACE } from '../contract/repository-names.ts';
import { adaptersNamed } from '../store/find-adapter.ts';
import type { AdapterRow } from '../store/schema.ts';
import { adapterRepository } from './adapter-repository.ts';
import { baseModelRepository } from './base-model-repository.ts';
import { bundleRepository } from './bundle-repository.ts';
import type { HubEffects, Repository } from './repository.ts';

/** The repository with this id, if it is one of ours. */
export async function findRepository(
  owner: string,
  name: string,
  effects: HubEffects,
): Promise<Repository | undefined> {
  if (owner !== NAMESPACE) {
    return baseModelRepository(`${owner}/${name}`, effects);
  }
  const row = await findAdapterRow(name, effects);
  if (row !== undefined) {
    return adapterRepository(row, isHex64(name), effects);
  }
  const family = await effects.catalog.family(name);
  return family && bundleRepository(family, effects);
}

/** The adapter that an id or a unique prefix of one names, if there is one. */
async function findAdapterRow(
  name: string,
  { adapters }: Pick<HubEffects, 'adapters'>,
): Promise<AdapterRow | undefined> {
  const [row, another] = await adaptersNamed(adapters, name);
  if (another !== undefined) {
    throw new T2lError(
      'repository_unknown',
      `Several adapter ids begin with ${name}; send more digits.`,
    );
  }
  return row;
}
