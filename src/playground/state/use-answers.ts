/** The answers to what was asked: the base model's, and one an adapter. Asked again when adapters change. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AdapterDocument } from '../../sdk/index.ts';
import { ask } from '../answers/client.ts';
import type { Answered, Loading } from '../answers/protocol.ts';
import { failureOf } from '../failure.ts';

/** What is known so far. */
export interface Answers {
  /** The answer with an adapter, or of the base model alone; undefined: it has not come yet. */
  of(adapter: AdapterDocument | undefined): Answered | undefined;
  /** Of the base model's files, while they come. */
  readonly loading: Loading | undefined;
}

/**
 * Asks.
 *
 * @param input undefined: nothing was asked yet, and nothing is loaded
 */
export function useAnswers(
  input: string | undefined,
  adapters: readonly AdapterDocument[],
): Answers {
  const known = useRef(new Map<string, Answered>()).current;
  const [, redraw] = useState(0);
  const [loading, setLoading] = useState<Loading>();
  const baseModel = adapters[0]?.base_model ?? '';
  const ids = adapters.map(({ id }) => id).join();

  useEffect(() => {
    if (input === undefined || baseModel === '') {
      return;
    }
    let current = true;
    async function answer(question: string, adapter: AdapterDocument | undefined): Promise<void> {
      const key = keyOf(baseModel, adapter, question);
      if (known.get(key)?.kind === 'answer') {
        return;
      }
      known.delete(key);
      const used = adapter && { id: adapter.id, files: adapter.files };
      const asked = ask({ baseModel, adapter: used, input: question }, (part) => {
        setLoading(part.loaded < part.total ? part : undefined);
      });
      const answered = await asked.catch((error: unknown) => ({
        kind: 'failure' as const,
        failure: failureOf(error, navigator.onLine),
      }));
      known.set(key, answered);
      setLoading(undefined);
      redraw((count) => count + 1);
    }
    void (async () => {
      for (const adapter of [undefined, ...adapters]) {
        // What nobody waits for any more is not begun.
        if (current) {
          await answer(input, adapter);
        }
      }
    })();
    return () => {
      current = false;
    };
  }, [input, baseModel, ids]);
  return {
    of: (adapter) => known.get(keyOf(baseModel, adapter, input ?? '')),
    loading,
  };
}

function keyOf(baseModel: string, adapter: AdapterDocument | undefined, input: string): string {
  return [baseModel, adapter?.id ?? '', input].join('\n');
}
