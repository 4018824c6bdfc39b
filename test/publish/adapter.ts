/** A small adapter for Mistral-7B-Instruct-v0.2 in the layout of Workers AI. */
import { layoutSafetensors, type TensorDtype } from '../../src/adapter/safetensors.ts';
import type { PublishedAdapter, WorkersAiFiles } from '../../src/publish/workers-ai.ts';

export const DOCUMENT: PublishedAdapter = {
  id: '0123456789abcdef'.repeat(4),
  base_model: 'mistralai/Mistral-7B-Instruct-v0.2',
  rank: 8,
};

/** Its config, with other members in place of the right ones. */
export function config(others: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const members = {
    peft_type: 'LORA',
    model_type: 'mistral',
    base_model_name_or_path: DOCUMENT.base_model,
    r: DOCUMENT.rank,
    lora_alpha: DOCUMENT.rank,
    target_modules: ['q_proj', 'v_proj'],
    ...others,
  };
  return new TextEncoder().encode(JSON.stringify(members));
}

/** Its weights, one layer of them. */
export function weights(dtype: TensorDtype = 'F16'): Uint8Array {
  const prefix = 'base_model.model.model.layers.0.self_attn.q_proj';
  const { file, views } = layoutSafetensors([
    { name: `${prefix}.lora_A.weight`, dtype, shape: [8, 64] },
    { name: `${prefix}.lora_B.weight`, dtype, shape: [64, 8] },
  ]);
  for (const view of views.values()) {
    // Every byte value: what is sent as text on the way would not survive it.
    view.set(view.map((_, index) => index % 256));
  }
  return file;
}

export const FILES: WorkersAiFiles = { config: config(), weights: weights() };
