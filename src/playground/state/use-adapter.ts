/** One adapter of the page: what is shown, what is being made, and what went wrong. */
import { useCallback, useRef, useState } from 'preact/hooks';
import type { AdapterRequest } from '../../sdk/index.ts';
import { type Made, makeAdapter, readAdapter } from '../client.ts';
import { type Failure, failureOf } from '../failure.ts';

/** The adapter and its making. What is shown stays until something else is there to be shown. */
export interface AdapterState {
  readonly made: Made | undefined;
  readonly busy: boolean;
  readonly failure: Failure | undefined;
}

/** What can be done with it. */
export interface AdapterActions {
  /** Gives what was made; undefined if it failed or something newer was asked for. */
  make(request: AdapterRequest): Promise<Made | undefined>;
  open(id: string): Promise<Made | undefined>;
  clear(): void;
}

const NOTHING: AdapterState = { made: undefined, busy: false, failure: undefined };

/** The state of one adapter; asking for another ends what is under way. */
export function useAdapter(): readonly [AdapterState, AdapterActions] {
  const [state, setState] = useState(NOTHING);
  const underWay = useRef<AbortController | undefined>(undefined);

  const run = useCallback(async (work: (signal: AbortSignal) => Promise<Made>) => {
    underWay.current?.abort();
    const mine = new AbortController();
    underWay.current = mine;
    setState(({ made }) => ({ made, busy: true, failure: undefined }));
    try {
      const made = await work(mine.signal);
      if (mine.signal.aborted) {
        return undefined;
      }
      setState({ made, busy: false, failure: undefined });
      return made;
    } catch (error) {
      if (!mine.signal.aborted) {
        const failure = failureOf(error, navigator.onLine);
        setState(({ made }) => ({ made, busy: false, failure }));
      }
      return undefined;
    }
  }, []);

  const make = useCallback(
    (request: AdapterRequest) => run((signal) => makeAdapter(request, signal)),
    [run],
  );
  const open = useCallback((id: string) => run((signal) => readAdapter(id, signal)), [run]);
  const clear = useCallback(() => {
    underWay.current?.abort();
    setState(NOTHING);
  }, []);
  return [state, { make, open, clear }];
}
