/** An operation that faults are injected into: how it begins, what is called, and what holds at its end. */
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import type { Answer } from './endpoint.ts';
import type { World } from './world.ts';

/** One attempt of it, from a beginning of its own. */
export interface Attempt {
  run(): Promise<Answer>;
  /** What must hold once it succeeded, at once or when it was asked for again. */
  holds?(answer: Answer): Promise<void> | void;
}

/** Something that a caller or the clock has done. */
export interface Operation {
  readonly name: string;
  /** The call as the description of the API has it; left out, it is the clock's. */
  readonly call?: readonly [method: string, path: string];
  readonly succeeds: readonly number[];
  /** What it says of a store that is away; `store_unavailable` unless given. */
  readonly says?: ErrorCode;
  /** What asking again may say too, if the first time was done and its answer lost. */
  readonly done?: readonly number[];
  begin(world: World): Promise<Attempt>;
}

/** The answer of the clock's work, as that of a call. */
export function clockAnswer(outcome: string): Answer {
  const status = outcome === 'ok' ? 200 : 503;
  return { status, headers: new Headers(), bytes: new Uint8Array(), json: { outcome } };
}
