/**
 * What the page shows: an adapter, perhaps a second one beside it, the history, and the address that
 * names them. Whatever is made goes into the address; whatever the address names is opened.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { AdapterDocument, AdapterRequest } from '../../sdk/index.ts';
import type { Made } from '../client.ts';
import { hashOf, idsOf } from '../place.ts';
import { type HistoryEntry, keepHistory, readHistory, withAdapter } from './history.ts';
import { type AdapterState, useAdapter } from './use-adapter.ts';

/** The state and what changes it. */
export interface PageState {
  readonly first: AdapterState;
  readonly second: AdapterState;
  readonly history: readonly HistoryEntry[];
  make(request: AdapterRequest): void;
  /** The same adapter at another strength. */
  strengthen(strength: number): void;
  compare(request: AdapterRequest): void;
  compareNoMore(): void;
  /** Does again what was done last. */
  again(): void;
  forget(): void;
}

/** @param opened is told of an adapter that the address named */
export function usePage(opened: (document: AdapterDocument) => void): PageState {
  const [first, firstActions] = useAdapter();
  const [second, secondActions] = useAdapter();
  const [history, setHistory] = useState(readHistory);
  const last = useRef<() => void>(() => undefined);
  const ids = useRef<readonly (string | undefined)[]>([]);

  const note = useCallback((at: 0 | 1, made: Made | undefined, address: 'push' | 'replace') => {
    if (made === undefined) {
      return;
    }
    const { id } = made.document;
    ids.current = at === 0 ? [id, ids.current[1]] : [ids.current[0], id];
    const url = hashOf(ids.current);
    if (location.hash !== url) {
      window.history[`${address}State`](null, '', url);
    }
    setHistory((entries) => {
      const longer = withAdapter(entries, made.document);
      keepHistory(longer);
      return longer;
    });
  }, []);

  const follow = useCallback(async () => {
    const [one, two] = idsOf(location.hash);
    if (one === undefined) {
      return;
    }
    last.current = () => void follow();
    if (two === undefined) {
      secondActions.clear();
    }
    ids.current = [one, two];
    const made = await firstActions.open(one);
    note(0, made, 'replace');
    if (made !== undefined) {
      opened(made.document);
    }
    if (two !== undefined && made !== undefined) {
      note(1, await secondActions.open(two), 'replace');
    }
  }, [firstActions, secondActions, note, opened]);

  useEffect(() => {
    void follow();
    function onHash(): void {
      void follow();
    }
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);

  function makeFirst(request: AdapterRequest, address: 'push' | 'replace'): void {
    last.current = () => makeFirst(request, address);
    void firstActions.make(request).then((made) => note(0, made, address));
  }
  return {
    first,
    second,
    history,
    make: (request) => makeFirst(request, 'push'),
    strengthen(strength) {
      const document = first.made?.document;
      if (document !== undefined && document.description !== null) {
        makeFirst({ ...requestOf(document), strength }, 'replace');
      }
    },
    compare(request) {
      void secondActions.make(request).then((made) => note(1, made, 'push'));
    },
    compareNoMore() {
      secondActions.clear();
      ids.current = [ids.current[0], undefined];
      window.history.replaceState(null, '', hashOf(ids.current));
    },
    again: () => last.current(),
    forget() {
      keepHistory([]);
      setHistory([]);
    },
  };
}

/** What makes an adapter again, by the very version that made it. */
export function requestOf(document: AdapterDocument): AdapterRequest {
  return {
    description: document.description ?? undefined,
    hypernet: document.hypernet.digest,
    dtype: document.dtype as AdapterRequest['dtype'],
    precision: document.precision as AdapterRequest['precision'],
    strength: document.strength,
  };
}
