/** A failure, said at once also to who does not see it. */
import type { Failure } from '../failure.ts';

/** What went wrong, and a way to try again where that may help. */
export function FailureNote({
  failure,
  again,
}: {
  failure: Failure | undefined;
  again?: (() => void) | undefined;
}) {
  return (
    <div role="alert">
      {failure !== undefined && (
        <div class="failure">
          <p>
            <strong>{failure.title}.</strong> {failure.detail}
          </p>
          {failure.again && again !== undefined && (
            <button type="button" class="quiet" onClick={again}>
              Try again
            </button>
          )}
        </div>
      )}
    </div>
  );
}
