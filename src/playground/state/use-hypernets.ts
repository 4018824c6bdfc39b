/** Which hypernetworks the endpoint has. A page without the list still works: it asks for the default. */
import { useEffect, useState } from 'preact/hooks';
import type { HypernetList, HypernetVersion } from '../../sdk/index.ts';
import { client } from '../client.ts';

/** The list, once it has come. */
export function useHypernets(): HypernetList | undefined {
  const [list, setList] = useState<HypernetList>();
  useEffect(() => {
    client.hypernets().then(setList, () => undefined);
  }, []);
  return list;
}

/** The version that a name, or no name, stands for. */
export function versionOf(
  list: HypernetList | undefined,
  name: string | undefined,
): HypernetVersion | undefined {
  const family = list?.hypernets.find((one) => one.name === (name ?? list.default));
  return family?.versions.find(({ digest }) => digest === family.active);
}
