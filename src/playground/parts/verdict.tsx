/** What is to be expected of an adapter, and what it is close to. */
import { verdictText } from '../../adapter/fit/words.ts';
import type { Fit } from '../../sdk/index.ts';

/**
 * The fit in words, and the nearest training tasks.
 *
 * @param choose is told the name of one that somebody wants to describe
 */
export function Verdict({
  fit,
  choose,
}: {
  fit: Fit;
  choose?: ((task: string) => void) | undefined;
}) {
  return (
    <div class={`verdict ${fit.verdict}`}>
      <p>
        <b>{fit.verdict}</b> {verdictText(fit)}
        {fit.reason !== null && `; ${fit.reason.text}`}.
        {fit.score !== null && <span class="score"> score {fit.score.toFixed(2)}</span>}
      </p>
      {choose !== undefined && fit.nearest.length > 0 && (
        <p class="chips">
          <span>closest training tasks</span>
          {fit.nearest.map(({ task, similarity }) => (
            <button type="button" class="chip" key={task} onClick={() => choose(task)}>
              <code>{task}</code> <small>{similarity.toFixed(2)}</small>
              <span class="unseen"> describe this task</span>
            </button>
          ))}
        </p>
      )}
    </div>
  );
}
