/**
 * A base model as a reader asks it: an input in, the answer out, with an adapter's weights or without.
 * What an input becomes before the model reads it (a template, tokens) is the model's own affair, so
 * whoever asks treats all of them alike; base-models.ts says how each is opened.
 */
import type { LoraWeights } from '../output/lora-weights.ts';

/** A loaded base model. */
export interface BaseModel {
  /** As manifests and adapter documents name it. */
  readonly id: string;
  /** What an input looks like, with one that can be asked: the end of a sentence. */
  readonly hint: string;
  /** Whether several inputs at once take less time than one after the other. */
  readonly together: boolean;
  /** Why an input cannot be asked, in a sentence; undefined: it can. */
  problem(input: string): string | undefined;
  /** Characters of an input that the model has no token for, each once; it reads all of them alike. */
  unread(input: string): readonly string[];
  /**
   * Its answers, greedily.
   *
   * @param lora an adapter's weights as `unpackPeft` gives them; none by default
   * @param tell is told an answer's text as it grows, by models that take their time; what it throws
   *   ends the work
   */
  answer(inputs: readonly string[], lora?: LoraWeights, tell?: Progress): Promise<string[]>;
  /** Frees its memory; it answers no more. */
  release(): Promise<void>;
}

/** Is told what an input's answer is so far. */
export type Progress = (index: number, text: string) => void;
