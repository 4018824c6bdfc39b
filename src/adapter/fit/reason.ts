/**
 * Why no more is to be expected of an adapter. One that the formula scores below `reasons.score` has
 * the first of these reasons that holds; NAME is the task whose adapter is most like it:
 *
 *     far             entry < reasons.entry: the text is far from every task
 *     missing_step    missing >= reasons.missing: it asks for a step that NAME does not have
 *     far             max c < reasons.adapter: its adapter is like that of no task
 *     weak            success of NAME < reasons.success: close to what is not done well
 *
 * Descriptions that are worded like the grammars' phrasings have limits of their own, those of `phrased`.
 * `strength` is the reason where another strength than 1 makes the verdict worse, or where nothing was
 * measured at one (`strength.ts`).
 */
import type { CalibrationSpec } from '../../bundle/fit-spec.ts';
import type { Observed } from './calibrated.ts';
import { reasonText } from './words.ts';

/** Kinds of reasons. */
export type ReasonCode = 'far' | 'missing_step' | 'weak' | 'strength';

/** A reason; a member that does not apply is null. */
export interface FitReason {
  readonly code: ReasonCode;
  /** The training task whose adapter is most like this one. */
  readonly task: string | null;
  /** The step that nothing near does. */
  readonly step: string | null;
  /** Exact match of `task`. */
  readonly success: number | null;
  /** All of it in words. */
  readonly text: string;
}

/** What reasons name. */
export interface Trained {
  /** The hypernetwork. */
  readonly name: string;
  readonly tasks: readonly string[];
  /** Exact match of every task. */
  readonly success: readonly number[];
}

/** From which on a description is taken for one that somebody wrote. */
const WRITTEN = 0.5;

/** The reason of what was observed of an adapter, at strength 1. */
export function reasonOf(
  { reasons: usual, phrased, steps }: Pick<CalibrationSpec, 'reasons' | 'phrased' | 'steps'>,
  { score, entry, likeness, closest, missing, step, written }: Observed,
  { name, tasks, success }: Trained,
): FitReason | null {
  const reasons = phrased && written < WRITTEN ? phrased.reasons : usual;
  if (score >= reasons.score) {
    return null;
  }
  if (entry < reasons.entry) {
    return far(name);
  }
  const task = tasks[closest] as string;
  const asked = steps?.names[step];
  if (asked !== undefined && reasons.missing !== undefined && missing >= reasons.missing) {
    const text = reasonText({ code: 'missing_step', task, step: asked });
    return { code: 'missing_step', task, step: asked, success: null, text };
  }
  if (likeness < reasons.adapter) {
    return far(name);
  }
  const known = success[closest] as number;
  if (known < reasons.success) {
    const text = reasonText({ code: 'weak', task, name, success: known });
    return { code: 'weak', task, step: null, success: known, text };
  }
  return null;
}

/**
 * The reason of a strength.
 *
 * @param factor share of exact match that is left at it; undefined: it was not measured
 */
export function strengthReason(strength: number, factor: number | undefined): FitReason {
  const text = reasonText({ code: 'strength', strength, factor });
  return { code: 'strength', task: null, step: null, success: null, text };
}

function far(name: string): FitReason {
  const text = reasonText({ code: 'far', name });
  return { code: 'far', task: null, step: null, success: null, text };
}
