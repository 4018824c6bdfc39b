/** The worker as the page sees it: started when it is first needed, one for the whole page. */
import { proxy, type Remote, wrap } from 'comlink';
import type { Failure } from '../failure.ts';
import type { Answered, AnswerWorker, Loading, Offer, Question, Told } from './protocol.ts';

interface Started {
  readonly remote: Remote<AnswerWorker>;
  /** Rejects when the browser could not load it: whatever it was asked then, nobody answers. */
  readonly failed: Promise<never>;
}

let started: Started | undefined;

function worker(): Remote<AnswerWorker> {
  started ??= start();
  return started.remote;
}

function start(): Started {
  const thread = new Worker(new URL('./worker.ts', import.meta.url), {
    type: 'module',
    name: 'base-model',
  });
  const failed = new Promise<never>((_resolve, reject) => {
    thread.addEventListener('error', () => {
      started = undefined;
      reject(new Error('The browser could not load the part of this page that runs base models.'));
    });
  });
  // Whoever waits for it hears of it.
  failed.catch(() => undefined);
  return { remote: wrap<AnswerWorker>(thread), failed };
}

/**
 * Whether a base model answers in this page.
 *
 * @throws Error if the endpoint does not say so
 */
export async function offerOf(baseModel: string): Promise<Offer> {
  started ??= start();
  const { remote, failed } = started;
  return Promise.race([remote.offer(baseModel), failed]);
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
