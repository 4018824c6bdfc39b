/** The worker that judges, as the page sees it: started when somebody writes for the first time. */
import { type Remote, wrap } from 'comlink';
import type { Fit } from '../../sdk/index.ts';
import type { Draft, FitWorker } from './protocol.ts';

let started: Remote<FitWorker> | undefined;

/** The fit of a draft; undefined if a newer one took its place, or if there is no telling. */
export async function judge(draft: Draft): Promise<Fit | undefined> {
  started ??= wrap<FitWorker>(
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'fit' }),
  );
  return started.judge(draft);
}

/** Ends what is under way. */
export function stop(): void {
  void started?.stop();
}
