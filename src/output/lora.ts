/**
 * LoRA: the update B A of a module's weights, with
 *
 *   A [rank, in]    B [out, rank]
 *
 * The alpha/r of training is folded into B, so the config says lora_alpha = r and use_rslora = false and
 * every consumer applies exactly 1, also those that ignore either key. The config holds only keys that
 * every release of PEFT knows: those before 0.14 refuse a file with a key they do not know.
 */
import type { Output, OutputModule, OutputTarget, Side, TargetProblem } from './output.ts';

/** LoRA. */
export const lora: Output = {
  kind: 'lora',
  sides: pairOf,
  config: (target) => pairConfig(target, false),
  problems: noFeedforward,
};

/** A and B; a strength is multiplied into B. */
export function pairOf({ in: inner, out }: OutputModule, rank: number): readonly [Side, Side] {
  const [a, b] = [
    [rank, inner],
    [out, rank],
  ] as const;
  return [
    { name: 'A', shape: a, stored: a, suffix: 'lora_A.weight' },
    {
      name: 'B',
      shape: b,
      stored: b,
      suffix: 'lora_B.weight',
      strengthened: (value, strength) => value * strength,
    },
  ];
}

/** The config of an adapter with A and B. */
export function pairConfig(
  { base_model, modules, rank }: OutputTarget,
  dora: boolean,
): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base_model.id,
    revision: base_model.revision,
    inference_mode: true,
    r: rank,
    lora_alpha: rank,
    lora_dropout: 0,
    target_modules: modules.map(({ name }) => name),
    bias: 'none',
    fan_in_fan_out: false,
    modules_to_save: null,
    use_rslora: false,
    use_dora: dora,
    init_lora_weights: true,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
    layers_pattern: null,
  };
}

/** Only IA3 scales inputs. */
export function noFeedforward({ modules }: OutputTarget): readonly TargetProblem[] {
  return modules.flatMap(({ feedforward }, place) =>
    feedforward === undefined
      ? []
      : [
          {
            path: ['modules', String(place), 'feedforward'],
            message: 'must be left out: only the output "ia3" scales inputs',
          },
        ],
  );
}
