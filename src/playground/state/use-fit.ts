/**
 * The fit of what stands in the box, once somebody has stopped writing for a moment. It is computed in the
 * page, which takes the hypernetwork and its encoder: they are fetched after the first key and not before.
 */
import { useEffect, useState } from 'preact/hooks';
import type { Fit } from '../../sdk/index.ts';
import { judge, stop } from '../fits/client.ts';
import type { Draft } from '../fits/protocol.ts';

/** What is known of a draft. */
export interface DraftFit {
  /** undefined while it is looked for. */
  readonly fit: Fit | undefined;
}

/** Between the last key and the work. */
const PAUSE_MS = 400;

/**
 * Judges.
 *
 * @param draft undefined: nothing is to be judged now
 * @returns undefined: there is nothing to tell
 */
export function useFit(draft: Draft | undefined): DraftFit | undefined {
  const [known, setKnown] = useState<{ of: Draft; fit: Fit | undefined; done: boolean }>();
  const { hypernet, description, strength } = draft ?? {};

  useEffect(() => {
    if (draft === undefined) {
      return stop();
    }
    let current = true;
    const timer = setTimeout(async () => {
      setKnown({ of: draft, fit: undefined, done: false });
      const fit = await judge(draft).catch(() => undefined);
      if (current) {
        setKnown({ of: draft, fit, done: true });
      }
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [hypernet, description, strength]);

  const same =
    draft !== undefined &&
    known?.of.hypernet === hypernet &&
    known?.of.description === description &&
    known?.of.strength === strength;
  return same && known !== undefined && (known.fit !== undefined || !known.done)
    ? { fit: known.fit }
    : undefined;
}
