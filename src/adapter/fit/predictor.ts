/**
 * The exact match to expect of a description, by the formula of bundles that were made before the
 * adapter was looked at. For a unit vector v with these cosines to the training tasks:
 *
 *     similarity = highest cosine                              how close the closest task is
 *     success    = softmax(cosines / temperature) . success    how well the tasks around it are done
 *     topic      = sigmoid(bias + weight similarity + direction . v)    is it a task of this kind?
 *     match      = sigmoid(bias + weight success + direction . v)    if so, will it be done well?
 *     score      = topic match
 */
import type { PredictorSpec } from '../../bundle/fit-spec.ts';
import { along, largestAt, sigmoid, softmax } from './matrix.ts';

/** Its numbers; success is the exact match of each training task. */
export interface Predictor extends PredictorSpec {
  readonly success: readonly number[];
}

/**
 * The score.
 *
 * @param cosines with all training tasks, [tasks]
 * @param unit the embedding with length 1, [dim]
 */
export function predictedMatch(
  { temperature, topic, match, success }: Predictor,
  cosines: Float64Array,
  unit: Float64Array,
): number {
  const similarity = cosines[largestAt(cosines)] as number;
  const around = along(softmax(cosines, temperature), success);
  return (
    sigmoid(topic.bias + topic.similarity * similarity + along(topic.direction ?? [], unit)) *
    sigmoid(match.bias + match.success * around + along(match.direction, unit))
  );
}
