/** What is to be expected of a description that is still being written. */
import { verdictText } from '../../adapter/fit/words.ts';
import type { DraftFit } from '../state/use-fit.ts';
import { Verdict } from './verdict.tsx';

/** The fit in words, said politely. */
export function Draft({
  known,
  choose,
}: {
  known: DraftFit | undefined;
  choose: (task: string) => void;
}) {
  const fit = known?.fit;
  return (
    <div class="draft">
      <p class={fit === undefined ? 'detail' : 'unseen'} role="status">
        {known !== undefined &&
          (fit === undefined
            ? 'Looking how well this suits the hypernetwork…'
            : `${fit.verdict}: ${verdictText(fit)}.`)}
      </p>
      {fit !== undefined && <Verdict fit={fit} choose={choose} />}
    </div>
  );
}
