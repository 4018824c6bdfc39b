/** Asking the base model, without and with what was made for it. */
import { useState } from 'preact/hooks';
import type { AdapterDocument } from '../../sdk/index.ts';
import { inputsFor } from '../inputs.ts';
import { useAnswers } from '../state/use-answers.ts';
import { Answer } from './answer.tsx';
import { loadingText } from './loading.ts';

/** An input and its answers side by side. */
export function Try({
  adapters,
  ships,
}: {
  adapters: readonly AdapterDocument[];
  /** Whether the base model comes without being asked for. */
  ships: boolean;
}) {
  const examples = inputsFor(adapters[0]?.base_model ?? '');
  const [input, setInput] = useState(examples[0] ?? '');
  const [asked, setAsked] = useState<string>();
  const { of, loading } = useAnswers(asked, adapters);
  function submit(text: string): void {
    setInput(text);
    setAsked(text);
  }
  return (
    <>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          submit(input);
        }}
      >
        <label>
          <span>Your input</span>
          <input
            name="input"
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={input}
            onInput={({ currentTarget }) => setInput(currentTarget.value)}
          />
        </label>
        <button type="submit" class="main">
          Ask
        </button>
      </form>
      <p class="chips">
        <span>for example</span>
        {examples.map((example) => (
          <button type="button" class="chip" key={example} onClick={() => submit(example)}>
            <code>{example}</code>
          </button>
        ))}
      </p>
      <div class={`answers of-${adapters.length + 1}`}>
        <Answer
          name="base"
          title="Without an adapter"
          detail={adapters[0]?.base_model ?? ''}
          answered={of(undefined)}
          waiting={asked !== undefined}
        />
        {adapters.map((adapter, index) => (
          <Answer
            key={index}
            name={index === 0 ? 'adapted' : 'compared'}
            title={adapters.length === 1 ? 'With the adapter' : `With adapter ${index + 1}`}
            detail={adapter.description ?? 'made from an embedding'}
            answered={of(adapter)}
            waiting={asked !== undefined}
          />
        ))}
      </div>
      <p class="detail" role="status">
        {asked === undefined &&
          (ships
            ? 'The model runs on your machine, in this page: about 20 MB, fetched once.'
            : 'The model runs on your machine, on its processor (WebAssembly).')}
        {loading !== undefined && loadingText(loading)}
      </p>
    </>
  );
}
