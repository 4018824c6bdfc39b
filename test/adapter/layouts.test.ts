/** Layouts of other programs are made of LoRA adapters, whatever else the base model allows. */
import { expect, test } from 'vitest';
import { availableFormats, FORMATS, formatFiles } from '../../src/adapter/layouts.ts';
import { kindTarget } from '../fixtures/kind-network.ts';
import { ADAPTER_ID, caseManifest } from '../fixtures/layout-cases.ts';

const { target: lora } = caseManifest('llama');

test('a LoRA for a llama can be had in every layout', () => {
  expect([...availableFormats(lora).keys()]).toEqual(FORMATS);
});

test.each(['dora', 'ia3'] as const)('an adapter of the kind %s can be had in none', (kind) => {
  const target = kindTarget(kind, lora);
  expect([...availableFormats(target).keys()]).toEqual([]);
  for (const format of FORMATS) {
    expect(() => formatFiles(format, { id: ADAPTER_ID, target, dtype: 'float16' })).toThrow(
      expect.objectContaining({
        code: 'layout_unavailable',
        status: 422,
        detail: expect.stringMatching(/of the kind (DoRA|IA3); this layout is made for LoRA/),
      }),
    );
  }
});
