/** The sentence an adapter is made of. */
import type { ComponentChildren } from 'preact';
import { ANOTHER_EXAMPLE, EXAMPLE } from '../../contract/examples.ts';

const EXAMPLES = [EXAMPLE, ANOTHER_EXAMPLE];

/** The form; `children` stand between the sentence and the button. */
export function Describe({
  label,
  description,
  change,
  submit,
  busy,
  children,
}: {
  label: string;
  description: string;
  change: (description: string) => void;
  submit: () => void;
  busy: boolean;
  children?: ComponentChildren;
}) {
  return (
    <form
      class="describe"
      aria-busy={busy}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label class="sentence">
        <span>{label}</span>
        <textarea
          name="description"
          rows={2}
          value={description}
          onInput={({ currentTarget }) => change(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              submit();
            }
          }}
        />
      </label>
      <p class="chips">
        <span>for example</span>
        {EXAMPLES.map((example) => (
          <button type="button" class="chip" key={example} onClick={() => change(example)}>
            {example}
          </button>
        ))}
      </p>
      <div class="making">
        {children}
        <button type="submit" class="main">
          {busy ? 'Generating…' : 'Generate'}
          <kbd>Ctrl ↵</kbd>
        </button>
      </div>
    </form>
  );
}
