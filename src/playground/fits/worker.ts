/**
 * The fit of a description while it is being written, in a worker of its own: the pipeline of the
 * endpoint in the browser (src/browser) makes the adapter here and tells its fit, so that nothing of an
 * unfinished sentence leaves the page. On one thread, as everything that adapters are made with.
 */
import '../no-eval.ts';
import { expose } from 'comlink';
import { type Hypernet, openHypernet } from '../../browser/index.ts';
import { ORT_FILES } from '../ort-files.ts';
import type { Draft, FitWorker } from './protocol.ts';

/** The one that is open, or is being opened until somebody ends that. */
interface Opened {
  readonly name: string;
  readonly hypernet: Promise<Hypernet>;
  readonly opening: AbortController;
}

let opened: Opened | undefined;
let underWay: AbortController | undefined;

const worker: FitWorker = {
  async judge({ hypernet: name, description, strength }: Draft) {
    underWay?.abort();
    const mine = new AbortController();
    underWay = mine;
    try {
      const hypernet = await hypernetOf(name);
      // Its files may have taken long.
      mine.signal.throwIfAborted();
      const { fit } = await hypernet.generate({ description, strength }, mine);
      return { ...fit, nearest: [...fit.nearest] };
    } catch {
      // What is wrong with it the endpoint says when it is asked.
      return undefined;
    }
  },
  async stop() {
    underWay?.abort();
    opened?.opening.abort();
  },
};

expose(worker);

function hypernetOf(name: string): Promise<Hypernet> {
  if (opened?.name === name) {
    return opened.hypernet;
  }
  opened?.opening.abort();
  opened?.hypernet.then(
    (other) => other.close(),
    () => undefined,
  );
  const opening = new AbortController();
  const hypernet = openHypernet({
    endpoint: location.origin,
    name,
    device: 'wasm',
    wasmPaths: ORT_FILES,
    signal: opening.signal,
  });
  const mine: Opened = { name, hypernet, opening };
  opened = mine;
  // It may open the next time.
  hypernet.catch(() => {
    opened = opened === mine ? undefined : opened;
  });
  return hypernet;
}
