/** The worker as the page sees it: started when it is first needed, one for the whole page. */
import { proxy, type Remote, wrap } from 'comlink';
import type { Failure } from '../failure.ts';
import type { Answered, AnswerWorker, Loading, Offer, Question, Told } from './protocol.ts';

let started: Remote<AnswerWorker> | undefined;

function worker(): Remote<AnswerWorker> {
  started ??= wrap<AnswerWorker>(
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'base-model' }),
  );
  return started;
}

/** Whether a base model answers in this page. */
export async function offerOf(baseModel: string): Promise<Offer> {
  return worker().offer(baseModel);
}

/** Begins to load a base model that ships: while its adapter is made, the reader waits anyway. */
export function prepare(baseModel: string): void {
  worker()
    .prepare(baseModel)
    // Whoever asks it hears what is wrong.
    .catch(() => undefined);
}

/** Loads a base model; undefined: it is there. */
export async function open(
  baseModel: string,
  tell: (loading: Loading) => void,
): Promise<Failure | undefined> {
  return worker().open(baseModel, proxy(tell));
}

/** Asks a base model. */
export async function ask(question: Question, tell: (told: Told) => void): Promise<Answered> {
  return worker().ask(question, proxy(tell));
}
