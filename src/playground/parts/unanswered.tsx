/** Where the page could not find out whether the base model answers in it. */
export function Unanswered({ baseModel, again }: { baseModel: string; again: () => void }) {
  return (
    <p role="alert">
      Whether <code>{baseModel}</code> runs in this page is not known: the endpoint does not answer.{' '}
      <button type="button" onClick={again}>
        Ask again
      </button>
    </p>
  );
}
