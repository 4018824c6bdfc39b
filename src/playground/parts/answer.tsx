/** One answer, under the name of who gave it. */
import type { Answered } from '../answers/protocol.ts';

/** Characters of an answer that is set in the size of text. */
const LONG = 60;

/** The answer; a dash before anything was asked. */
export function Answer({
  title,
  detail,
  answered,
  waiting,
  name,
}: {
  title: string;
  detail: string;
  answered: Answered | undefined;
  waiting: boolean;
  /** What tests and styles call it. */
  name: string;
}) {
  const text = textOf(answered, waiting);
  return (
    <div class="answer" data-answer={name}>
      <h3>{title}</h3>
      <p class="detail">{detail}</p>
      <output
        aria-live="polite"
        aria-busy={answered?.kind === 'partial'}
        aria-label={`Answer: ${title}`}
        data-kind={answered?.kind ?? 'none'}
        data-long={text.length > LONG ? '' : undefined}
      >
        {text}
      </output>
      {answered?.kind === 'answer' && answered.unread.length > 0 && (
        <p class="detail">It has no token for {answered.unread.join(' ')}.</p>
      )}
    </div>
  );
}

function textOf(answered: Answered | undefined, waiting: boolean): string {
  switch (answered?.kind) {
    case 'answer':
      return answered.text === '' ? '(nothing)' : answered.text;
    case 'partial':
      return `${answered.text}…`;
    case 'problem':
      return answered.text;
    case 'failure':
      return `${answered.failure.title}. ${answered.failure.detail}`;
    default:
      return waiting ? '…' : '–';
  }
}
