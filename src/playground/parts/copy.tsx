/** Lines to paste, with a button that copies them. */
import { useState } from 'preact/hooks';

/** Text on lines of its own; it can be selected by hand where a page may not write to the clipboard. */
export function Lines({ text, name }: { text: string; name: string }) {
  return (
    <div class="lines">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section tabIndex={0} aria-label={name}>
        <pre>
          <code>{text}</code>
        </pre>
      </section>
      <CopyButton text={text} name={name} />
    </div>
  );
}

/** Copies a text and says so. */
export function CopyButton({ text, name }: { text: string; name: string }) {
  const [said, setSaid] = useState('Copy');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      setSaid('Select and copy');
    }
    setTimeout(() => setSaid('Copy'), 2000);
  }
  return (
    <button type="button" class="quiet copy" onClick={copy}>
      <span aria-live="polite">{said}</span>
      <span class="unseen"> {name}</span>
    </button>
  );
}
