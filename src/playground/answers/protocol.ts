/** What the page and its worker say to each other. Plain data: it is copied from one to the other. */
import type { AdapterDocument } from '../../sdk/index.ts';
import type { Failure } from '../failure.ts';

/** Whether a base model answers in the page. */
export type Offer =
  /** At once: it is small, and ships. */
  | { readonly kind: 'ships' }
  /** Once somebody wants its file, of so many bytes; `kept`: it was fetched at another visit. */
  | { readonly kind: 'offered'; readonly bytes: number; readonly kept: boolean }
  /** The endpoint has no file of it. */
  | { readonly kind: 'absent' };

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
  /** So far; the rest is still to come. */
  | { readonly kind: 'partial'; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string }
  /** Another input was asked meanwhile. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** How much of a base model has come, in bytes, or was made ready, in any unit. */
export interface Loading {
  readonly step: 'fetching' | 'opening';
  readonly loaded: number;
  readonly total: number;
}

/** What a question tells before its answer is there. */
export type Told = Loading | { readonly text: string };

/** What the worker offers. */
export interface AnswerWorker {
  /** Loads nothing. */
  offer(baseModel: string): Promise<Offer>;
  /** Begins to load a base model that ships, before somebody asks it; of others it loads nothing. */
  prepare(baseModel: string): Promise<void>;
  /** Loads the base model, if it is not there yet; undefined: it is there now. */
  open(baseModel: string, tell: (loading: Loading) => void): Promise<Failure | undefined>;
  /** Loads the base model if it is not there yet, and asks it; whatever another input asked is stopped. */
  ask(question: Question, tell: (told: Told) => void): Promise<Answered>;
}
