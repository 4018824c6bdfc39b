/**
 * IA3: factors on what a module gives, or on what it takes if it is one of the feedforward modules:
 *
 *   L [out] or [in]; 1 changes nothing
 *
 * PEFT stores them as a column [out, 1] or a row [1, in], by which it multiplies the weights when it
 * merges. Strength s makes l to 1 + s (l - 1). There is no rank; manifests say 1.
 */
import type { Output, OutputTarget, TargetProblem } from './output.ts';

/** IA3. */
export const ia3: Output = {
  kind: 'ia3',
  sides({ in: inner, out, feedforward }) {
    const [shape, stored] = feedforward ? [[inner], [1, inner]] : [[out], [out, 1]];
    const strengthened = (value: number, strength: number) => 1 + strength * (value - 1);
    return [{ name: 'L', shape, stored, suffix: 'ia3_l', strengthened }];
  },
  config({ base_model, modules }) {
    const feedforward = modules.filter((module) => module.feedforward);
    return {
      peft_type: 'IA3',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: base_model.id,
      revision: base_model.revision,
      inference_mode: true,
      target_modules: modules.map(({ name }) => name),
      // Not null where there are none: PEFT would put in those of the architecture.
      feedforward_modules: feedforward.map(({ name }) => name),
      fan_in_fan_out: false,
      modules_to_save: null,
      init_ia3_weights: true,
    };
  },
  problems: (target) => [...rankProblems(target), ...nameProblems(target)],
};

function rankProblems({ rank }: OutputTarget): TargetProblem[] {
  return rank === 1 ? [] : [{ path: ['rank'], message: 'must be 1: IA3 has no other' }];
}

/** PEFT takes a module for a feedforward one if its path ends with the name of one. */
function nameProblems({ modules }: OutputTarget): TargetProblem[] {
  const names = modules.filter(({ feedforward }) => feedforward).map(({ name }) => name);
  return modules.flatMap(({ path, feedforward }, place) => {
    const name = feedforward ? undefined : names.find((one) => path.endsWith(one));
    return name === undefined
      ? []
      : [
          {
            path: ['modules', String(place), 'path'],
            message: `ends like the feedforward module ${name}, so PEFT would scale its inputs`,
          },
        ];
  });
}
