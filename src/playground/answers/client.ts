/** The worker as the page sees it: started when it is first needed, one for the whole page. */
import { proxy, type Remote, wrap } from 'comlink';
import type { Answered, AnswerWorker, Loading, Question } from './protocol.ts';

let started: Remote<AnswerWorker> | undefined;

function worker(): Remote<AnswerWorker> {
  started ??= wrap<AnswerWorker>(
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'base-model' }),
  );
  return started;
}

/** Ids of the base models that answer in this page. */
export async function baseModelsHere(): Promise<readonly string[]> {
  return worker().baseModels();
}

/** Asks a base model. */
export async function ask(question: Question, tell: (loading: Loading) => void): Promise<Answered> {
  return worker().ask(question, proxy(tell));
}
