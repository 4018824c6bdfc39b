/** Where the time of a request went, as a line that is divided in parts, and in numbers. */
import { durationText, type Stage } from '../stages.ts';

/** The steps; what took the longest is the widest. */
export function Stages({ stages, cached }: { stages: readonly Stage[]; cached: boolean }) {
  const total = stages.find(({ name }) => name === 'total')?.milliseconds;
  const steps = stages.filter(({ name }) => name !== 'total');
  if (total === undefined) {
    return null;
  }
  return (
    <figure class="stages">
      <figcaption>
        {cached ? 'Known already, found in' : 'Made in'} {durationText(total)}
      </figcaption>
      <div class="bar" aria-hidden="true">
        {steps.map(({ name, milliseconds }) => (
          <i key={name} style={{ flexGrow: milliseconds }} />
        ))}
      </div>
      <ol>
        {steps.map(({ name, words, milliseconds }) => (
          <li key={name}>
            {words} <span class="time">{durationText(milliseconds)}</span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
