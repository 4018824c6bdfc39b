/**
 * Refusing what will not work. A generator answers every description, and the fit says which answers are
 * worth nothing; whoever asks may want none of those. The refusal says what the document would have said.
 */
import { verdictText } from '../adapter/fit/words.ts';
import type { Fit } from '../adapter/fit.ts';
import { T2lError } from '../contract/errors.ts';

/**
 * Lets pass an adapter whose fit is enough for the request.
 *
 * @throws T2lError `adapter_unfit`, with the `fit`
 */
export function requireFit(
  fit: Fit,
  { allowUnfit = true }: { readonly allowUnfit?: boolean | undefined },
): void {
  if (allowUnfit || fit.verdict !== 'unfit') {
    return;
  }
  const { score, verdict, reason, nearest } = fit;
  const [closest] = nearest;
  const scored = score === null ? '' : ` (score ${score})`;
  const why = reason === null ? '' : `: ${reason.text}`;
  const trained = closest === undefined ? '' : `; the closest trained task is ${closest.task}`;
  throw new T2lError(
    'adapter_unfit',
    `The fit is ${verdict}${scored}, ${verdictText(fit)}${why}. ` +
      `Ask for something closer to what was trained${trained}; or send allow_unfit true to have it all the same.`,
    { extra: { fit: { score, verdict, reason, nearest: [...nearest] } } },
  );
}
