/** Whether an adapter's base model answers in this page. It is asked once there is an adapter to try. */
import { useEffect, useState } from 'preact/hooks';
import { offerOf } from '../answers/client.ts';
import type { Offer } from '../answers/protocol.ts';

/** The worker's word; undefined until it is there. */
export function useOffer(baseModel: string | undefined): Offer | undefined {
  const [known, setKnown] = useState<{ readonly of: string; readonly offer: Offer }>();
  useEffect(() => {
    if (baseModel !== undefined) {
      const heard = (offer: Offer) => setKnown({ of: baseModel, offer });
      offerOf(baseModel).then(heard, () => heard({ kind: 'absent' }));
    }
  }, [baseModel]);
  return known?.of === baseModel ? known?.offer : undefined;
}
