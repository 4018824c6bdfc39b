/** The answers to what was asked: the base model's, and one an adapter. Asked again when adapters change. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AdapterDocument } from '../../sdk/index.ts';
import { ask } from '../answers/client.ts';
import type { Answered, Loading, Told } from '../answers/protocol.ts';
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
  const latest = useRef(input);
  latest.current = input;
  const [, redraw] = useState(0);
  const [loading, setLoading] = useState<Loading>();
  const baseModel = adapters[0]?.base_model ?? '';
  const ids = adapters.map(({ id }) => id).join();

  useEffect(() => {
    if (input === undefined || baseModel === '') {
      return;
    }
    async function answer(question: string, adapter: AdapterDocument | undefined): Promise<void> {
      const key = keyOf(baseModel, adapter, question);
      if (['answer', 'partial'].includes(known.get(key)?.kind ?? '')) {
        return;
      }
      known.set(key, { kind: 'partial', text: '' });
      const used = adapter && { id: adapter.id, files: adapter.files };
      const asked = ask({ baseModel, adapter: used, input: question }, (told: Told) => {
        if (!('text' in told)) {
          setLoading(told);
        } else if (known.get(key)?.kind === 'partial') {
          // Not one that was overtaken by the whole answer.
          known.set(key, { kind: 'partial', text: told.text });
          redraw((count) => count + 1);
        }
      });
      const answered = await asked.catch((error: unknown) => ({
        kind: 'failure' as const,
        failure: failureOf(error, navigator.onLine),
      }));
      if (answered.kind === 'stopped') {
        known.delete(key);
        // Somebody came back to it before it had heard that it was to stop.
        return latest.current === question ? answer(question, adapter) : undefined;
      }
      known.set(key, answered);
      setLoading(undefined);
      redraw((count) => count + 1);
    }
    // All at once: the worker computes a token of each in turn, so that they grow side by side.
    for (const adapter of [undefined, ...adapters]) {
      void answer(input, adapter);
    }
  }, [input, baseModel, ids]);
  return {
    of: (adapter) => known.get(keyOf(baseModel, adapter, input ?? '')),
    loading,
  };
}

function keyOf(baseModel: string, adapter: AdapterDocument | undefined, input: string): string {
  return [baseModel, adapter?.id ?? '', input].join('\n');
}
