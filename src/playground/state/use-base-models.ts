/** Which base models answer in this page. It is asked once there is an adapter to try. */
import { useEffect, useState } from 'preact/hooks';
import { baseModelsHere } from '../answers/client.ts';

/** Their ids; undefined until the worker has said so. */
export function useBaseModels(wanted: boolean): readonly string[] | undefined {
  const [ids, setIds] = useState<readonly string[]>();
  useEffect(() => {
    if (wanted) {
      baseModelsHere().then(setIds, () => setIds([]));
    }
  }, [wanted]);
  return ids;
}
