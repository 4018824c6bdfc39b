/** What the page and its worker say to each other. Plain data: it is copied from one to the other. */
import type { AdapterDocument } from '../../sdk/index.ts';
import type { Failure } from '../failure.ts';

/** One question to a base model. */
export interface Question {
  readonly baseModel: string;
  /** Left out: the base model as it is. */
  readonly adapter: Pick<AdapterDocument, 'id' | 'files'> | undefined;
  readonly input: string;
}

/** What came of a question. */
export type Answered =
  | { readonly kind: 'answer'; readonly text: string; readonly unread: readonly string[] }
  | { readonly kind: 'problem'; readonly text: string }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** How much of a base model's files has come, in bytes. */
export interface Loading {
  readonly loaded: number;
  readonly total: number;
}

/** What the worker offers. */
export interface AnswerWorker {
  /** Ids of the base models that it can run. Loads nothing. */
  baseModels(): readonly string[];
  /** Loads the base model if it is not there yet, `tell`ing how much of it has come, and asks it. */
  ask(question: Question, tell: (loading: Loading) => void): Promise<Answered>;
}
