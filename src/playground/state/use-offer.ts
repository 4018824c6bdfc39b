/**
 * Whether an adapter's base model answers in this page. It is asked once there is an adapter to try, and
 * again when the network is back: without an answer nobody knows whether the endpoint has it.
 */
import { useEffect, useState } from 'preact/hooks';
import { offerOf } from '../answers/client.ts';
import type { Offer } from '../answers/protocol.ts';

/** What is known of a base model. */
export type Known = Offer | { readonly kind: 'unanswered' };

/** The worker's word; undefined until it is there. */
export function useOffer(baseModel: string | undefined): {
  readonly offer: Known | undefined;
  readonly askAgain: () => void;
} {
  const [known, setKnown] = useState<{ readonly of: string; readonly offer: Known }>();
  const [times, setTimes] = useState(0);
  const askAgain = () => setTimes((before) => before + 1);
  useEffect(() => {
    let wanted = true;
    if (baseModel !== undefined) {
      const heard = (offer: Known) => wanted && setKnown({ of: baseModel, offer });
      offerOf(baseModel).then(heard, () => heard({ kind: 'unanswered' }));
    }
    return () => {
      wanted = false;
    };
  }, [baseModel, times]);
  const unanswered = known?.offer.kind === 'unanswered';
  useEffect(() => {
    if (unanswered) {
      window.addEventListener('online', askAgain);
      return () => window.removeEventListener('online', askAgain);
    }
  }, [unanswered]);
  return { offer: known?.of === baseModel ? known?.offer : undefined, askAgain };
}
