/** A second description beside the first: two adapters on the same input. */
import { useState } from 'preact/hooks';
import type { AdapterRequest } from '../../sdk/index.ts';
import type { AdapterState } from '../state/use-adapter.ts';
import { Describe } from './describe.tsx';
import { FailureNote } from './failure.tsx';
import { Verdict } from './verdict.tsx';

/** A button, and behind it the form of the second adapter. */
export function Compare({
  state,
  make,
  close,
}: {
  state: AdapterState;
  make: (request: Pick<AdapterRequest, 'description'>) => void;
  close: () => void;
}) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const { made, busy, failure } = state;
  const shown = open || made !== undefined;
  const description = text === '' && made !== undefined ? (made.document.description ?? '') : text;
  if (!shown) {
    return (
      <p>
        <button type="button" class="quiet" onClick={() => setOpen(true)}>
          Compare with another description
        </button>
      </p>
    );
  }
  return (
    <div class="compare">
      <Describe
        label="Another task, for comparison"
        description={description}
        change={setText}
        submit={() => make({ description })}
        busy={busy}
      >
        <button
          type="button"
          class="quiet"
          onClick={() => {
            setOpen(false);
            setText('');
            close();
          }}
        >
          Compare no more
        </button>
      </Describe>
      <FailureNote failure={failure} again={() => make({ description })} />
      {made !== undefined && <Verdict fit={made.document.fit} />}
    </div>
  );
}
