/** What PEFT is told of each kind of output, and the numbers that follow from its sides. */
import { expect, test } from 'vitest';
import { peftConfig } from '../../src/adapter/peft.ts';
import { outputOf, parametersOf, sidesOf } from '../../src/output/kinds.ts';
import { kindTarget } from '../fixtures/kind-network.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const LORA = smallManifest().target;

test('a target that says nothing of its output is for LoRAs', () => {
  expect(outputOf(LORA).kind).toBe('lora');
});

test("DoRA's config is LoRA's with use_dora, keys in the same order", () => {
  const [lora, dora] = [LORA, kindTarget('dora')].map((target) => peftConfig({ target }));
  expect(dora).toEqual({ ...lora, use_dora: true });
  expect(Object.keys(dora ?? {})).toEqual(Object.keys(lora ?? {}));
});

test("IA3's config has the keys that PEFT has known since it has IA3, in this order", () => {
  expect(JSON.stringify(peftConfig({ target: kindTarget('ia3') }))).toBe(
    JSON.stringify({
      peft_type: 'IA3',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'owner/base',
      revision: '0123456789012345678901234567890123456789',
      inference_mode: true,
      target_modules: ['q_proj', 'v_proj'],
      feedforward_modules: ['v_proj'],
      fan_in_fan_out: false,
      modules_to_save: null,
      init_ia3_weights: true,
    }),
  );
});

test('without feedforward modules the list is empty: at null PEFT would take those it knows', () => {
  const target = { ...LORA, output: 'ia3', rank: 1 } as const;
  expect(peftConfig({ target }).feedforward_modules).toEqual([]);
});

test.each([
  ['lora', 2 * (2 * (6 + 6) + 2 * (6 + 4))],
  ['dora', 2 * (2 * (6 + 6) + 6 + 2 * (6 + 4) + 4)],
  // 6 outputs of q_proj, 6 inputs of v_proj
  ['ia3', 2 * (6 + 6)],
] as const)('an adapter of the kind %s has %i numbers', (kind, count) => {
  expect(parametersOf(kindTarget(kind))).toBe(count);
});

test('the factors of a module are as many as its outputs, or its inputs', () => {
  const target = kindTarget('ia3');
  const shapes = target.modules.map((module) => sidesOf(target, module)[0]?.stored);
  expect(shapes).toEqual([
    [6, 1],
    [1, 6],
  ]);
});
