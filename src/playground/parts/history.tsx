/** What was made in this browser before. */
import type { HistoryEntry } from '../state/history.ts';

/** The list, newest first. */
export function History({
  entries,
  clear,
}: {
  entries: readonly HistoryEntry[];
  clear: () => void;
}) {
  if (entries.length === 0) {
    return null;
  }
  return (
    <section class="history" aria-labelledby="history">
      <h2 id="history">Before</h2>
      <div>
        <ol>
          {entries.map(({ id, description, hypernet, strength, verdict }) => (
            <li key={id}>
              <a href={`#${id}`}>{description ?? 'made from an embedding'}</a>{' '}
              <small>
                {hypernet}
                {strength !== 1 && `, strength ${strength}`}, {verdict}
              </small>
            </li>
          ))}
        </ol>
        <p>
          <small>Kept in this browser only. </small>
          <button type="button" class="quiet" onClick={clear}>
            Forget all
          </button>
        </p>
      </div>
    </section>
  );
}
